// The way to Python: one question at a time, of each kind the last that was put. A newer question takes the place of one
// that waits, so that nothing piles up while somebody drags a slider.

const ORDER = ["move", "tornado"]; // the first goes first
const SLOW = 1000; // milliseconds without an answer, after which the page says that it waits

export class Kernel {
  #waiting = {};
  #asked = null;
  #number = 0;

  // `hear`: what becomes of an answer; `show`: a word on whether Python answers.
  constructor(hear, show) {
    this.hear = hear;
    this.show = show;
    addEventListener("message", ({ source, data }) => {
      if (source === parent && data?.riskmodel) this.#heard(data.riskmodel, data.buffers ?? []);
    });
  }

  tell(message) {
    parent.postMessage({ riskmodel: message }, "*");
  }

  ask(kind, question) {
    this.#waiting[kind] = question;
    this.#next();
  }

  // Whether a question of a kind is under way or waits.
  pending(kind) {
    return kind in this.#waiting || this.#asked?.ask === kind;
  }

  #next() {
    const kind = this.#asked ? null : ORDER.find((each) => each in this.#waiting);
    if (!kind) return;
    this.#number += 1;
    this.#asked = { ...this.#waiting[kind](), ask: kind, number: this.#number };
    delete this.#waiting[kind];
    this.tell(this.#asked);
    this.late = setTimeout(() => this.show("Python is busy with another cell, or has ended: the page shows the last numbers."), SLOW);
  }

  #heard(message, buffers) {
    const isAnswer = this.#asked !== null && message.number === this.#asked.number;
    if (isAnswer) {
      clearTimeout(this.late);
      this.#asked = null;
      this.show("");
    }
    this.hear(message, buffers);
    if (isAnswer) this.#next();
  }
}
