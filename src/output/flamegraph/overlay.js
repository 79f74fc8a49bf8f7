/* What lies over the graph for a moment: the tip at the pointer, the menu of a frame. */

const TIP_DISTANCE_PX = 14;
const EDGE_PX = 6;

/** Move an element to x, y of its parent, or as near as it fits inside. */
function placeInside(element, x, y) {
	const room = element.parentNode;
	const left = Math.min(x, room.clientWidth - element.offsetWidth - EDGE_PX);
	const top = Math.min(y, room.clientHeight - element.offsetHeight - EDGE_PX);

	element.style.left = Math.max(left, EDGE_PX) + "px";
	element.style.top = Math.max(top, EDGE_PX) + "px";
}

/** Full name and share beside the pointer; the line below the graph says the same aloud. */
class Tip {
	constructor() {
		this.element = make("div", { class: "tip", "aria-hidden": "true", hidden: "" });
	}

	show(x, y, name, figures, where) {
		const { element } = this;

		const [short, whole] = nameInShort(name);

		element.hidden = false;
		element.replaceChildren(make("b", { text: short }), make("div", { text: figures }));
		if (where)
			element.append(make("div", { text: where, class: "where" }));
		if (whole)
			element.append(make("div", { text: whole, class: "whole" }));
		/* Left of the pointer or above it where there is no room right of it or below. */
		const room = element.parentNode;
		const isLeft = x + TIP_DISTANCE_PX + element.offsetWidth > room.clientWidth - EDGE_PX;
		const isAbove = y + TIP_DISTANCE_PX + element.offsetHeight > room.clientHeight - EDGE_PX;

		placeInside(element,
			isLeft ? x - TIP_DISTANCE_PX - element.offsetWidth : x + TIP_DISTANCE_PX,
			isAbove ? y - TIP_DISTANCE_PX - element.offsetHeight : y + TIP_DISTANCE_PX);
	}

	hide() {
		this.element.hidden = true;
	}
}

/** What can be done with a frame, for mouse and touch; each entry names its key. */
class Menu {
	/** @param onClose  Called after closing, unless something was chosen. */
	constructor(onClose) {
		this.onClose = onClose;
		this.element = make("div", {
			class: "menu",
			role: "menu",
			"aria-label": "Actions",
			tabindex: "-1",
			hidden: ""
		});
		this.element.addEventListener("keydown", (event) => this.onKey(event));
		/* Some browsers do not focus buttons that are pressed: the menu keeps the focus. */
		this.element.addEventListener("mousedown", (event) => event.preventDefault());
		this.element.addEventListener("focusout", (event) => {
			if (!this.element.contains(event.relatedTarget))
				this.close(false);
		});
	}

	/** @param entries  [label, key, action] each. */
	open(x, y, title, entries) {
		this.element.replaceChildren(make("div", { class: "of", text: title }));
		for (const [label, key, action] of entries)
			this.element.append(make("button", {
				type: "button",
				role: "menuitem",
				tabindex: "-1",
				click: () => {
					this.close(false);
					action();
				}
			},
				make("span", { text: label }), make("kbd", { text: key, "aria-hidden": "true" })));
		this.element.hidden = false;
		placeInside(this.element, x, y);
		this.element.querySelector("button").focus({ preventScroll: true });
	}

	close(isDismissed) {
		if (this.element.hidden)
			return;
		this.element.hidden = true;
		if (isDismissed)
			this.onClose();
	}

	onKey(event) {
		const entries = Array.from(this.element.querySelectorAll("button"));
		const at = entries.indexOf(document.activeElement);
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];

		if (step)
			entries[(at + step + entries.length) % entries.length].focus();
		else if (event.key === "Home" || event.key === "End")
			entries[event.key === "Home" ? 0 : entries.length - 1].focus();
		else if (event.key === "Escape" || event.key === "Tab")
			this.close(true);
		else if (event.key !== "Enter" && event.key !== " ")
			return;
		event.stopPropagation();
		if (event.key !== "Enter" && event.key !== " ")
			event.preventDefault();
	}
}
