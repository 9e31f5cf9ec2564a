// Whether an element can be seen, so that nothing is drawn that nobody sees.

/** Watch elements; `inSight()` is whether any is on the screen, `onChange` is called when one comes. */
export class Sight {
  constructor(onChange) {
    this.visible = new Set();
    this.watched = new Set();
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.visible.add(target);
        else this.visible.delete(target);
      }
      if (this.visible.size) onChange();
    });
  }

  /** Watch exactly these elements from now on. */
  watch(elements) {
    for (const element of this.watched) {
      if (elements.includes(element)) continue;
      this.observer.unobserve(element);
      this.watched.delete(element);
      this.visible.delete(element);
    }
    for (const element of elements) {
      if (this.watched.has(element)) continue;
      this.watched.add(element);
      this.observer.observe(element);
    }
  }

  inSight() {
    return this.visible.size > 0;
  }

  /** Whether any watched element is in the page, seen or not. */
  shown() {
    return [...this.watched].some((element) => element.isConnected);
  }

  end() {
    this.observer.disconnect();
    this.visible.clear();
    this.watched.clear();
  }
}
