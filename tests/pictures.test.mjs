// What of adamcourse/explorers/pictures.js needs no browser: python -m pytest tests/test_pictures_js.py

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = readFileSync(new URL("../adamcourse/explorers/pictures.js", import.meta.url), "utf8");
const { Pictures, bytes, distance, keyOf } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const SCALES = [
    { log: true, step: 0.05 },
    { log: false, step: 1 },
];

/** A PNG, as far as its size: the rest is not read. */
function png(width, height) {
    const view = new DataView(new ArrayBuffer(24));
    view.setUint32(16, width);
    view.setUint32(20, height);
    return view;
}

test("numbers that Python and a browser compute alike but for their last digits have one key", () => {
    assert.equal(keyOf([0.1 + 0.2, "Adam", true]), keyOf([0.3, "Adam", true]));
    assert.notEqual(keyOf([0.3001]), keyOf([0.3]));
    assert.notEqual(keyOf([1]), keyOf([true]));
});

test("two values are as far apart as the keys that lead from one to the other", () => {
    assert.ok(Math.abs(distance([0.1, 3], [1, 5], SCALES) - 22) < 1e-9);
    assert.equal(distance([1, true], [1, false], SCALES), 1);
});

test("a PNG tells how much memory it takes", () => {
    assert.equal(bytes(png(1000, 450)), 1_800_000);
});

test("a picture is not there before the still one that it lies on", () => {
    const pictures = new Pictures(SCALES);
    pictures.add({ values: [1, 2], still: 7 }, png(1, 1));
    assert.equal(pictures.find([1, 2]), undefined);
    pictures.add({ values: [1, 1], still: 7 }, png(1, 1), png(2, 2));
    assert.ok(pictures.find([1, 2]));
});

test("a still picture is kept as long as one that lies on it", () => {
    const pictures = new Pictures(SCALES);
    pictures.add({ values: [1, 1], still: 7 }, png(1, 1), png(2, 2));
    pictures.add({ values: [1, 2], still: 7 }, png(1, 1));
    pictures.forget([1, 1]);
    assert.equal(pictures.find([1, 1]), undefined);
    assert.ok(pictures.stills.has(7) && pictures.find([1, 2]));
    pictures.forget([1, 2]);
    assert.equal(pictures.stills.size, 0);
});

test("the nearest pictures are decoded, as many as there is room for, and the others are freed", () => {
    const decoded = [];
    globalThis.createImageBitmap = async () => ({ close: () => decoded.push("closed") });
    const pictures = new Pictures(SCALES);
    for (let step = 0; step < 6; step += 1) pictures.add({ values: [1, step], still: 0 }, png(4000, 2000));
    const ready = () =>
        [...pictures.kept.values()].filter((picture) => picture.coming).map((picture) => picture.values[1]);
    pictures.settle([1, 1]);
    assert.deepEqual(ready(), [0, 1]); // of 32 MB each
    pictures.settle([1, 5]);
    assert.deepEqual(ready(), [4, 5]);
});
