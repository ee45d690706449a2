import "./css/base.css";

document.documentElement.classList.add("awake");
