"use strict";
(function () {
  const sound = document.querySelector("audio");
  if (!sound) return;
  const from = Number(sound.dataset.from), to = Number(sound.dataset.to);
  const slow = document.querySelector("#slow");
  const charts = Array.from(document.querySelectorAll("svg.timed"));
  let until = Infinity;
  function hear(time, lead, length) {
    const start = Math.max(from, time - lead);
    if (start >= to) return;
    until = length ? time + length : Infinity;
    sound.currentTime = start - from;
    sound.play();
  }
  function pace() {
    sound.preservesPitch = false;
    sound.playbackRate = slow.checked ? 0.25 : 1;
  }
  slow.addEventListener("change", pace);
  document.querySelectorAll("button.hear").forEach(function (b) {
    b.addEventListener("click", function () { hear(Number(b.dataset.at), 0.6, 0.8); });
  });
  charts.forEach(function (c) {
    c.addEventListener("click", function (e) {
      const box = c.getBoundingClientRect(), d = c.dataset;
      const x = (e.clientX - box.left) / box.width;
      const share = (x - d.left) / (d.right - d.left);
      const time = Number(d.from) + share * (Number(d.to) - Number(d.from));
      if (share >= 0 && share <= 1 && time < to) hear(time, 0, 0);
    });
  });
  function draw() {
    const now = from + sound.currentTime;
    if (now > until) { sound.pause(); until = Infinity; }
    charts.forEach(function (c) {
      const d = c.dataset, line = c.querySelector(".playhead");
      const share = (now - d.from) / (d.to - d.from);
      const width = c.viewBox.baseVal.width;
      const x = width * (Number(d.left) + share * (d.right - d.left));
      line.setAttribute("transform", "translate(" + x.toFixed(1) + " 0)");
      line.style.visibility = share >= 0 && share <= 1 ? "visible" : "hidden";
    });
    if (!sound.paused) requestAnimationFrame(draw);
  }
  sound.addEventListener("play", function () { pace(); requestAnimationFrame(draw); });
  sound.addEventListener("seeked", draw);
})();
