// A user with nothing but a keyboard.

/** The keyboard of a tab. */
export class Keyboard {
  constructor(tab) {
    this.tab = tab;
    this.keys = tab.page.keyboard;
  }

  /** Presses Tab until the focus is on the element. */
  async reach(element) {
    await element.waitFor();
    for (let presses = 0; presses < 90; presses++) {
      if (await element.evaluate((node) => node === document.activeElement)) return;
      await this.keys.press('Tab');
    }
    throw new Error(`the keyboard does not reach ${element}`);
  }

  async press(element) {
    await this.reach(element);
    await this.keys.press('Enter');
  }

  /** Types into the visible field with this label. */
  async type(label, value) {
    const field = this.tab.page.getByLabel(label, { exact: true }).and(this.tab.page.locator(':visible'));
    await this.reach(field);
    await this.keys.type(value);
  }

  open(label) {
    return this.press(this.tab.row(label));
  }

  /** Submits the form that has the focus. */
  submit() {
    return this.keys.press('Enter');
  }
}
