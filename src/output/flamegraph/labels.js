/* Names cut to fit their frames, by the same rules as flamegraph_label.c. */

const XHTML = "http://www.w3.org/1999/xhtml";
const ELLIPSIS = "\u2026";
/* What the Rust compiler puts behind names in its older mangling. */
const RUST_HASH = /::h[0-9a-f]{16}$/;

/* What labels are written in. */
const labelFont = {
	size: 12,
	family: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
};

/** A text's width: the sum of its characters', which are asked for once each. */
const measure = (function () {
	const context = document.createElementNS(XHTML, "canvas").getContext("2d");
	const widths = new Map();

	return function (text) {
		let sum = 0;

		for (const character of text) {
			let width = widths.get(character);

			if (width === undefined) {
				context.font = labelFont.size + "px " + labelFont.family;
				width = context.measureText(character).width;
				widths.set(character, width);
			}
			sum += width;
		}
		return sum;
	};
})();

/** One past the bracket that closes the one at position; 0: none does. */
function closingBracket(text, position) {
	const open = text[position], close = open === "<" ? ">" : ")";
	let depth = 0;

	for (let i = position; i < text.length; i++) {
		if (text[i] === open)
			depth++;
		else if (text[i] === close && text[i - 1] !== "-" && --depth === 0)
			return i + 1;
	}
	return 0;
}

/** Like "operator<" and "operator()", whose brackets are part of the name. */
function isAfterOperator(text, position) {
	return /operator$/.test(text.slice(0, position)) ||
		(text[position] === "<" && /operator<$/.test(text.slice(0, position)));
}

/** Without parameters, and template arguments as "<...>". */
function shortenArguments(name) {
	let short = "";

	for (let i = 0; i < name.length;) {
		const isBracket = name[i] === "<" || name[i] === "(";
		let end = 0;

		if (isBracket && i > 0 && !isAfterOperator(name, i))
			end = closingBracket(name, i);
		if (end && name[i] === "(" && name[end] === ":")
			end = 0;
		if (!end) {
			short += name[i++];
			continue;
		}
		if (name[i] === "(")
			break;
		short += end - i > 3 ? "<" + ELLIPSIS + ">" : name.slice(i, end);
		i = end;
	}
	return short;
}

/** Where the parts of a name start: after "::" and "/", outside brackets. */
function partStarts(name) {
	const starts = [];
	let depth = 0;

	for (let i = 0; i < name.length; i++) {
		if (name[i] === "<" || name[i] === "(")
			depth++;
		else if ((name[i] === ">" || name[i] === ")") && depth > 0)
			depth--;
		if (depth > 0)
			continue;
		if (name[i] === ":" && name[i + 1] === ":") {
			while (name[i] === ":")
				i++;
			if (i < name.length)
				starts.push(i);
			i--;
		} else if (name[i] === "/" && i + 1 < name.length) {
			starts.push(i + 1);
		}
	}
	return starts;
}

/** Names to try, longest first. The last may be cut further. */
const labelCandidates = (function () {
	const cache = new Map();

	return function (name) {
		let candidates = cache.get(name);

		if (!candidates) {
			const whole = name.replace(RUST_HASH, "");
			const short = shortenArguments(whole);

			candidates = [whole];
			if (short !== whole)
				candidates.push(short);
			const starts = partStarts(short);

			for (const start of starts)
				candidates.push(ELLIPSIS + short.slice(start));
			if (starts.length)
				candidates.push(short.slice(starts[starts.length - 1]));
			cache.set(name, candidates);
		}
		return candidates;
	};
})();

/** Cut at the right, between words when there is a boundary nearby. */
function cutRight(text, width) {
	let left = width - measure(ELLIPSIS), low = 0;

	for (const character of text) {
		left -= measure(character);
		if (left < 0)
			break;
		low += character.length;
	}
	if (low < 3)
		return "";
	for (let cut = low; cut > 3 && cut > low - 6; cut--) {
		if (/[_ <(.]/.test(text[cut]) ||
		    (/[a-z]/.test(text[cut - 1]) && /[A-Z]/.test(text[cut])))
			return text.slice(0, cut) + ELLIPSIS;
	}
	return text.slice(0, low) + ELLIPSIS;
}

function fitLabel(name, width, isCutRight) {
	if (isCutRight)
		return measure(name) <= width ? name : cutRight(name, width);
	const candidates = labelCandidates(name);

	for (const candidate of candidates) {
		if (measure(candidate) <= width)
			return candidate;
	}
	return cutRight(candidates[candidates.length - 1], width);
}

/* Longer names are said in short first. */
const NAME_LONG_CHARACTERS = 90;

/** [name, ""], or of a long name [short form, name]. */
function nameInShort(name) {
	const short = name.length > NAME_LONG_CHARACTERS ? shortenArguments(name) : name;

	return [short, short === name ? "" : name];
}
