/**
 * Colours code. A file of its own, fetched when the first code block is shown.
 *
 * What comes out are spans with a class name and text, nothing else: the code is a model's, and
 * the page's policy allows no inline style.
 */

import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import { createElement, Fragment, type ReactNode } from "react";

const lowlight = createLowlight({
  ...{ bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, php },
  ...{ python, ruby, rust, shell, sql, swift, typescript, xml, yaml },
});

/** `text` in colours; null for a language that is not known here. */
export function paint(language: string, text: string): ReactNode {
  const name = language.toLowerCase();
  if (!lowlight.registered(name)) return null;
  // One element: React passes over it while it is the same.
  return createElement(Fragment, null, ...lowlight.highlight(name, text).children.map(asElement));
}

type Tree = ReturnType<typeof lowlight.highlight>["children"][number];

function asElement(node: Tree, place: number): ReactNode {
  if (node.type === "text") return node.value;
  if (node.type !== "element") return null;
  const { className } = node.properties;
  return createElement(
    "span",
    { key: place, className: Array.isArray(className) ? className.join(" ") : undefined },
    ...node.children.map((child, inner) => asElement(child as Tree, inner)),
  );
}
