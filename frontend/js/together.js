// What many ask at the same moment goes in one request; what comes while it is under way goes with the next.
const MOST = 20;

export class Together {
  // `ask`: things to as many answers, in their order.
  constructor(ask) {
    this.ask = ask;
    this.asked = [];
    this.isBusy = false;
  }

  of(thing) {
    return new Promise((resolve, reject) => {
      this.asked.push({ thing, resolve, reject });
      if (!this.isBusy) this.next();
    });
  }

  async next() {
    this.isBusy = true;
    while (this.asked.length) {
      await null;
      const group = this.asked.splice(0, MOST);
      try {
        const answers = await this.ask(group.map((one) => one.thing));
        group.forEach((one, n) => one.resolve(answers[n]));
      } catch (error) {
        group.forEach((one) => one.reject(error));
      }
    }
    this.isBusy = false;
  }
}
