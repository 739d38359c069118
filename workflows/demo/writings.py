"""What stands in the written materials of the demo: pages of a heading and paragraphs, by material. All of it is made up."""

from __future__ import annotations

Page = tuple[str, tuple[str, ...]]

#: What a laboratory writes on a computer; everything else of the demo is a scan, a picture without text.
WRITINGS: dict[str, tuple[Page, ...]] = {
    "quality_manual": (
        ("质量手册 封面与批准页", (
            "本质量手册依据《检验检测机构资质认定管理办法》和资质认定评审准则编制，自批准之日起实施。",
            "批准人：总经理。编制：质量负责人。受控状态：受控。",
        )),
        ("第一章 公正性声明", (
            "本机构独立开展检验检测活动，不受任何可能影响技术判断的经济、行政和其他压力。",
            "全体人员对检验检测中知悉的国家秘密、商业秘密负有保密义务。",
        )),
        ("第二章 质量方针与质量目标", (
            "质量方针：科学、公正、准确、高效。",
            "质量目标：报告差错率不高于百分之一；客户投诉在十个工作日内答复。",
        )),
        ("第三章 组织机构与职责", (
            "技术负责人全面负责技术运作；质量负责人确保管理体系得到实施和保持。",
            "授权签字人在批准的能力范围内签发检验检测报告。",
        )),
        ("第四章 设备与量值溯源", (
            "对检验检测结果有影响的设备，投入使用前经检定或者校准，并加贴状态标识。",
            "设备档案由设备管理员保存，期间核查按年度计划进行。",
        )),
        ("第五章 记录与报告", (
            "原始记录应当在观测时记录，包含足够信息，保存期限不少于六年。",
            "报告的更改应当以追加文件或者更换新报告的形式实施。",
        )),
        ("第六章 内部审核与管理评审", (
            "内部审核每年至少一次，由经过培训的内审员实施；管理评审由总经理主持。",
            "不符合工作应当采取纠正措施，并跟踪验证其有效性。",
        )),
    ),
    "application_form": (
        ("检验检测机构资质认定申请书", (
            "一、机构概况：名称、地址、法定代表人、联系人见系统填报内容。",
            "二、申请类型与专业领域见系统填报内容。",
            "三、本机构承诺所提交材料真实有效。",
        )),
    ),
    "organisation_chart": (
        ("组织机构框图", (
            "总经理　—　技术负责人、质量负责人",
            "技术负责人　—　检测一室、检测二室、样品室",
            "质量负责人　—　质量管理部、档案室",
        )),
    ),
    "staff_table": (
        ("检验检测人员一览表", (
            "检测员、授权签字人、内审员共二十四人，其中中级以上技术职称九人。",
            "人员培训记录、上岗授权书存档备查。",
        )),
    ),
    "equipment_table": (
        ("仪器设备（标准物质）配置一览表", (
            "紫外可见分光光度计、原子吸收分光光度计、气相色谱仪、离子色谱仪、电子天平。",
            "检定或者校准证书编号、有效期见设备档案。",
        )),
    ),
    "typical_report": (
        ("典型检验检测报告", (
            "样品名称、检测项目、检测依据、检测结果、结论及签发日期。",
            "本报告仅对来样负责；未经本机构批准，不得部分复制报告。",
        )),
    ),
}  # fmt: skip

_MANUAL = WRITINGS["quality_manual"]
_STATEMENT, _WORDS = _MANUAL[1]
#: What the laboratory hands in when it is asked to supplement.
REVISED: dict[str, tuple[Page, ...]] = {
    "quality_manual": (
        _MANUAL[0], (_STATEMENT, (*_WORDS, "总经理（签字）：已签署　　发布日期：二〇二六年十月八日")), *_MANUAL[2:],
    ),
}  # fmt: skip
