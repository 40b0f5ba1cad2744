// What an explorer shows in a browser: pictures and sentences, kept by the values of the controls.
// Python sends them (see explorer.py).
// A control that moves is answered here, within a frame. Python is asked only for what is not kept.

const DECODED = 96e6; // bytes of pictures kept ready to be drawn, of each explorer
const DIGITS = 9; // of a number; in the last ones Python and a browser may differ
const PATIENCE = 1000; // milliseconds before it is said that a picture is missing, and may be asked for again
const TICK = 50; // milliseconds between two steps that are played
const MISSING = "This picture is not drawn yet: Python is busy, or it was stopped.";

/** The key under which a picture is kept. */
export function keyOf(values) {
    return JSON.stringify(values.map((x) => (typeof x === "number" ? Number(x.toPrecision(DIGITS)) : x)));
}

/** How many steps of the controls lie between two lists of values; scales tell the step of each. */
export function distance(values, others, scales) {
    const place = (x, { log, step }) => (log ? Math.log10(x) : Number(x)) / step;
    return scales.reduce((sum, scale, i) => sum + Math.abs(place(values[i], scale) - place(others[i], scale)), 0);
}

/** Pictures by the values of the controls: a moved part each, on a still one that many share. */
export class Pictures {
    constructor(scales) {
        this.scales = scales;
        this.clear();
    }

    clear() {
        this.kept = new Map();
        this.stills = new Map();
    }

    /** Keep a picture: {values, text, won, x, y, still}, the PNG of what moved, and that of a still one if it is new. */
    add(picture, moved, still) {
        if (still) this.stills.set(picture.still, { png: still });
        this.kept.set(keyOf(picture.values), { ...picture, png: moved });
    }

    /** Return the picture of these values, or nothing if it, or the still one that it lies on, is not there. */
    find(values) {
        const picture = this.kept.get(keyOf(values));
        return picture?.png && !this.stills.has(picture.still) ? undefined : picture;
    }

    forget(values) {
        this.kept.delete(keyOf(values));
        const used = new Set([...this.kept.values()].map((picture) => picture.still));
        for (const still of this.stills.keys()) if (!used.has(still)) this.stills.delete(still);
    }

    /** Decode what lies nearest to these values, as far as memory goes, and free the rest. */
    settle(values) {
        const far = [...this.kept.values()].map((picture) => [distance(values, picture.values, this.scales), picture]);
        let left = DECODED;
        for (const [, picture] of far.filter(([, picture]) => picture.png).sort(([a], [b]) => a - b)) {
            left -= bytes(picture.png);
            if (left > 0) decode(picture);
            else release(picture);
        }
    }

    /** Return, at once or as a promise, the decoded parts of a picture, in the order in which they are drawn. */
    parts(picture) {
        const parts = [decode(this.stills.get(picture.still)), decode(picture)];
        return parts.some((part) => part instanceof Promise) ? Promise.all(parts) : parts;
    }
}

/** How many bytes a PNG, given as a DataView, takes once it is decoded. */
export function bytes(png) {
    return 4 * png.getUint32(16) * png.getUint32(20);
}

/** Return a PNG's pixels, or a promise of them while it is decoded. */
function decode(held) {
    if (held.bitmap) return held.bitmap;
    const coming = (held.coming ??= createImageBitmap(new Blob([held.png], { type: "image/png" })));
    return coming.then((bitmap) => {
        if (held.coming === coming) held.bitmap = bitmap; // else it was released meanwhile
        return bitmap;
    });
}

function release(held) {
    held.bitmap?.close();
    held.bitmap = held.coming = undefined;
}

/**
 * Canvas, sentence, buttons and challenge; `source` tells the values, takes those that a button or playing sets, and
 * may want to be told when the challenge is won.
 */
export class View {
    constructor(element, source, { size, presets, playable, challenge }) {
        this.source = source;
        this.canvas = make("canvas", { className: "explorer-picture", role: "img" });
        this.canvas.style.cssText = `width: ${size[0]}px; max-width: 100%; height: auto; display: block`;
        this.sentence = make("p", { className: "explorer-sentence", role: "status" });
        this.verdict = make("p", { className: "explorer-verdict" });
        this.challenge = challenge;
        const buttons = make("div", { className: "explorer-buttons", role: "group", ariaLabel: "presets" });
        for (const text of [this.sentence, this.verdict]) text.style.cssText = "margin: 0.3em 2px; line-height: 1.4";
        buttons.style.cssText = "display: flex; flex-wrap: wrap; gap: 4px; margin: 2px";
        if (playable) buttons.append((this.player = button("Play", () => this.play(!this.playing))));
        for (const name of presets) buttons.append(button(name, () => (this.play(false), source.preset(name))));
        element.replaceChildren(buttons, this.canvas, this.sentence, ...(challenge ? [this.verdict] : []));
    }

    /** Show the picture of the present values if it is kept; return whether it is. */
    draw() {
        const { pictures } = this.source;
        const picture = pictures.find(this.source.values());
        clearTimeout(this.waiting);
        if (!picture) {
            this.waiting = setTimeout(() => this.say(MISSING), PATIENCE);
            return false;
        }
        const parts = picture.png ? pictures.parts(picture) : [];
        if (parts instanceof Promise) parts.then(() => this.draw());
        else this.paint(picture, ...parts);
        return true;
    }

    paint(picture, still, moved) {
        if (still) {
            const { canvas } = this;
            if (canvas.width !== still.width) [canvas.width, canvas.height] = [still.width, still.height];
            this.context ??= canvas.getContext("2d", { alpha: false });
            this.context.drawImage(still, 0, 0);
            this.context.drawImage(moved, picture.x, picture.y);
        }
        this.say(picture.text);
        if (!this.challenge) return;
        const [task, praise] = this.challenge;
        if (picture.won && !this.won) this.source.won?.();
        this.won ||= picture.won;
        const state = picture.won ? `Done. ${praise}` : "Not yet.";
        const parts = [make("b", {}, "Challenge."), ` ${task} `, make("b", {}, state)];
        if (this.source.complaint) parts.push(` ${this.source.complaint}`); // it is won and cannot be noted
        this.verdict.replaceChildren(...parts);
    }

    say(text) {
        if (this.sentence.textContent !== text) this.sentence.textContent = this.canvas.ariaLabel = text;
    }

    /** Play the slider that can be played on to its end, from its beginning if it stands there; or stop. */
    play(on) {
        if (!this.player || on === Boolean(this.playing)) return;
        clearInterval(this.playing);
        this.playing = on && setInterval(() => this.tick(), this.source.pace);
        this.player.textContent = on ? "Pause" : "Play";
        this.sentence.ariaLive = on ? "off" : "polite"; // a screen reader would read every step
        const { value, min, max } = this.source.played();
        this.at = value;
        if (on && value >= max) this.source.move((this.at = min));
    }

    /** Go on by one step, but not before the last one is seen; a hand on the slider ends the playing. */
    tick() {
        const { value, max } = this.source.played();
        if (value !== this.at || value >= max) this.play(false);
        else if (this.source.pictures.find(this.source.values())) this.source.move((this.at = value + 1));
    }
}

export function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

function button(name, onclick) {
    const made = make("button", { className: "jupyter-button widget-button", type: "button", onclick }, name);
    made.style.width = "auto";
    return made;
}

/** What a View shows where Python runs: the values are those of the controls' models, the pictures come as messages. */
class Live {
    constructor(model, controls) {
        Object.assign(this, {
            model,
            controls,
            pictures: new Pictures(model.get("scales")),
            views: new Set(),
            pace: TICK,
        });
        this.changed = () => (this.due ??= Promise.resolve().then(() => this.draw())); // once for all that a button sets
        this.resized = () => this.ratio === ratio() || this.hello(); // moved to another display, or zoomed
        for (const control of controls) control.on("change:value change:index", this.changed);
        addEventListener("resize", this.resized);
        model.on("msg:custom", (message, buffers) => this.hear(message, buffers));
        this.hello();
    }

    end() {
        for (const control of this.controls) control.off("change:value change:index", this.changed);
        removeEventListener("resize", this.resized);
    }

    hello() {
        this.pictures.clear();
        this.ratio = ratio();
        this.model.send({ kind: "hello", ratio: this.ratio });
        this.changed();
    }

    values() {
        return this.controls.map((control) => control.get(part(control)));
    }

    draw() {
        this.due = undefined;
        const missing = [...this.views].filter((view) => !view.draw());
        if (missing.length) this.ask();
        this.settle();
    }

    /** Decode what may be asked for next, once nothing else is to be done. */
    settle() {
        clearTimeout(this.settling);
        this.settling = setTimeout(() => this.pictures.settle(this.values()));
    }

    /** Ask for the present picture; while an answer is awaited, wait, so that the newest is asked for next. */
    ask() {
        const now = performance.now();
        if (this.asked && now - this.asked.at < PATIENCE) return;
        this.asked = { key: keyOf(this.values()), at: now };
        this.model.send({ kind: "ask", values: this.values() });
    }

    hear({ kind, ...picture }, [moved, still] = []) {
        if (kind === "renew") this.pictures.clear();
        else if (kind === "complaint") this.complaint = picture.text;
        else if (kind === "forget") this.pictures.forget(picture.values);
        else this.pictures.add(picture, moved, still);
        const key = keyOf(picture.values ?? this.values());
        const isAnswer = kind !== "forget" && key === this.asked?.key;
        if (isAnswer) this.asked = undefined;
        if (isAnswer || key === keyOf(this.values())) this.changed();
        else this.settle();
    }

    won() {
        this.model.send({ kind: "won" });
    }

    preset(name) {
        this.model.get("presets")[name].forEach((value, i) => value === null || set(this.controls[i], value));
    }

    played() {
        const slider = this.controls[this.model.get("played")];
        return { value: slider.get("value"), min: slider.get("min"), max: slider.get("max") };
    }

    move(value) {
        set(this.controls[this.model.get("played")], value);
    }
}

/** The part of a control's model that says where it stands. */
function part(control) {
    return control.has("index") ? "index" : "value";
}

function set(control, value) {
    control.set(part(control), value);
    control.save_changes();
}

function ratio() {
    return devicePixelRatio > 1 ? 2 : 1;
}

export default () => {
    let live;
    return {
        async initialize({ model }) {
            const found = model
                .get("controls")
                .map((id) => model.widget_manager.get_model(id.replace("IPY_MODEL_", "")));
            live = new Live(model, await Promise.all(found));
            return () => live.end();
        },
        render({ model, el }) {
            const playable = model.get("played") !== null;
            const view = new View(el, live, {
                size: model.get("size"),
                presets: Object.keys(model.get("presets")),
                playable,
                challenge: model.get("challenge"),
            });
            live.views.add(view);
            live.changed();
            return () => (view.play(false), live.views.delete(view));
        },
    };
};
