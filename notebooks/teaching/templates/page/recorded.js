// An explorer where no Python runs: one slider and the presets, fed from a record of recorded.py.

import { Pictures, View, make } from "pictures";

const TICK = 100; // milliseconds between two places that are played; there are fewer than steps

/** What a View shows where no Python runs: frames by their number, those of the slider's places first. */
class Recorded {
    constructor(record, element) {
        this.record = record;
        this.pace = TICK;
        this.pictures = new Pictures([{ log: false, step: 1 }]);
        record.frames.forEach((frame, at) => {
            const still = this.pictures.stills.has(frame.still) ? undefined : unpacked(record.stills[frame.still]);
            this.pictures.add({ ...frame, values: [at] }, unpacked(frame.png), still);
        });
        this.slider = make("input", { type: "range", min: 0, max: places(record) - 1, step: 1 });
        this.slider.oninput = () => this.show(Number(this.slider.value));
        this.value = make("output");
        this.others = make("p", { className: "explorer-others" });
        const shown = make("div");
        this.view = new View(shown, this, {
            size: record.size,
            presets: Object.keys(record.presets),
            playable: record.playable,
            challenge: record.challenge,
        });
        const label = make("label", {}, make("span", {}, record.label), this.slider);
        element.replaceChildren(make("div", { className: "explorer-slider" }, label, this.value), this.others, shown);
        this.preset("Reset");
    }

    show(at) {
        const { place, value, others } = this.record.frames[(this.at = at)];
        this.slider.value = place;
        this.slider.ariaValueText = this.value.textContent = value;
        this.others.textContent = others;
        this.view.draw();
        clearTimeout(this.settling);
        this.settling = setTimeout(() => this.pictures.settle(this.values()));
    }

    values() {
        return [this.at];
    }

    preset(name) {
        this.show(this.record.presets[name]);
    }

    played() {
        return { value: Number(this.slider.value), min: 0, max: Number(this.slider.max) };
    }

    move(place) {
        this.show(place);
    }
}

/** How many places the slider has. */
function places({ frames }) {
    return Math.max(...frames.map((frame) => frame.place)) + 1;
}

/** The bytes of a PNG that is written as base64. */
function unpacked(text) {
    return new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

for (const element of document.querySelectorAll(".explorer")) {
    new Recorded(JSON.parse(element.querySelector("script").textContent), element);
}
