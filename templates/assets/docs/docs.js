// Makes the page at /docs interactive: log in, send requests, read responses.

import { solve } from "/docs/captcha.js";

const CHALLENGE = "/api/v1/captcha/challenge";
const FORM = "application/x-www-form-urlencoded";

const api = await (await fetch("/openapi.json")).json();
const { flows } = api.components.securitySchemes.OAuth2PasswordBearer;

/** The tokens returned by the login. In memory only. */
let session = null;

let ids = 0;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** An input with a label and an optional hint. */
function labelled(text, input, hint = "") {
  ids += 1;
  input.id = `input-${ids}`;
  const label = element("label", { htmlFor: input.id }, text);
  if (hint) {
    label.append(" ", element("small", {}, hint.replaceAll("\u0060", "")));
  }
  return element("div", {}, label, input);
}

function statusLine() {
  const line = element("p");
  line.setAttribute("role", "status");
  return line;
}

/** Shows a message in a live region, so that screen readers announce it. */
function say(line, text, isGood = true) {
  line.className = isGood ? "good" : "bad";
  line.textContent = text;
}

function resolve(schema) {
  const name = schema.$ref?.split("/").pop();
  return name ? api.components.schemas[name] : schema;
}

/** Sends a request. Resolves to `null` if there is no response. */
async function send({ method, path, headers, body }) {
  const began = performance.now();
  try {
    const response = await fetch(path, {
      method, headers, body, cache: "no-store", credentials: "omit",
    });
    const text = await response.text();
    return { response, text, milliseconds: Math.round(performance.now() - began) };
  } catch {
    return null;
  }
}

const UNREACHABLE = "No response: the service cannot be reached.";

/** Parses JSON. Returns `undefined` for anything else. */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pretty(text) {
  const value = json(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}

/** Quotes a text for a POSIX shell. */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The request as a curl command. */
function curl({ method, path, headers, body }) {
  const words = [`curl ${quoted(location.origin + path)}`];
  if (method !== "GET" && body === undefined) {
    words.push(`--request ${method}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    words.push(`--header ${quoted(`${name}: ${value}`)}`);
  }
  if (body !== undefined) {
    words.push(`--data ${quoted(body)}`);
  }
  return words.join(" \\\n  ");
}

/** The login form: the OAuth2 password flow of the description. */
function authorization() {
  const username = element("input", { autocomplete: "username", required: true });
  const password = element("input", {
    type: "password", autocomplete: "current-password", required: true,
  });
  const form = element(
    "form", {},
    labelled("Email address or user name", username),
    labelled("Password", password),
    element("div", { className: "buttons" }, element("button", {}, "Log in")),
  );
  const logOut = element("button", { type: "button", className: "secondary", hidden: true }, "Log out");
  const line = statusLine();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const grant = { grant_type: "password", username: username.value, password: password.value };
    const answer = await send({
      method: "POST", path: flows.password.tokenUrl, headers: {}, body: new URLSearchParams(grant),
    });
    if (!answer?.response.ok) {
      say(line, answer ? refusal(answer) : UNREACHABLE, false);
      return;
    }
    session = json(answer.text);
    password.value = "";
    const until = new Date(Date.now() + session.expires_in * 1000).toLocaleTimeString();
    say(line, `Logged in as ${username.value}. The access token is good until ${until}.`);
    form.hidden = true;
    logOut.hidden = false;
    logOut.focus();
  });

  logOut.addEventListener("click", async () => {
    const { dataset } = document.getElementById("logout");
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ refresh_token: session.refresh_token });
    const answer = await send({ method: "POST", path: dataset.path, headers, body });
    if (!answer?.response.ok) {
      say(line, answer ? refusal(answer) : UNREACHABLE, false);
      return;
    }
    session = null;
    say(line, "Logged out: the session has ended.");
    form.hidden = false;
    logOut.hidden = true;
    username.focus();
  });

  return [form, logOut, line];
}

/** An error's message, with the seconds to wait. */
function refusal({ response, text }) {
  const { detail } = json(text) ?? {};
  const reason = Array.isArray(detail) ? detail.map(({ msg }) => msg).join(", ") : detail;
  const wait = response.headers.get("retry-after");
  return `${response.status}: ${reason ?? response.statusText}${wait ? ` (in ${wait} s)` : ""}`;
}

/** The inputs of a form body, and a function that reads them. */
function formBody(schema) {
  const inputs = Object.entries(schema.properties).map(([name, property]) => {
    const required = schema.required.includes(name);
    const type = property.format === "password" ? "password" : "text";
    const value = schema.example?.[name] ?? "";
    const input = element("input", { name, required, type, value, autocomplete: "off" });
    return [input, labelled(name, input, property.description)];
  });
  const read = () => {
    const filled = inputs.map(([input]) => [input.name, input.value]).filter(([, value]) => value);
    return new URLSearchParams(filled).toString();
  };
  return [inputs.map(([, field]) => field), read];
}

/** The input of a body of any text, and a function that reads it. */
function textBody(mediaType, value) {
  const rows = value.split("\n").length;
  const input = element("textarea", { value, rows, spellcheck: false, autocomplete: "off" });
  return [[labelled("Body", input, mediaType)], () => input.value, input];
}

/** The input of a JSON body, and a function that reads it. */
function jsonBody(schema) {
  const example = JSON.stringify(schema.example, null, 2);
  const [fields, read, input] = textBody("application/json", example);
  if ("captcha_answer" in schema.properties && CHALLENGE in api.paths) {
    fields.push(captcha(input));
  }
  return [fields, read];
}

/** Solves the captcha and puts the answer into the body. */
function captcha(input) {
  const button = element("button", { type: "button", className: "secondary" }, "Solve the captcha");
  const line = statusLine();
  button.addEventListener("click", async () => {
    const body = json(input.value);
    if (body === undefined) {
      say(line, "The body is not JSON.", false);
      return;
    }
    say(line, "Solving the captcha…");
    try {
      body.captcha_answer = await solve(CHALLENGE);
      input.value = JSON.stringify(body, null, 2);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      say(line, "The captcha is solved. The body now has its answer, which is valid once.");
    } catch (error) {
      say(line, error.message, false);
    }
  });
  return element("div", {}, element("div", { className: "buttons" }, button), line);
}

/** The inputs of an operation, and a function that builds the request. */
function request({ dataset: { method, path } }, operation) {
  const headers = {};
  let [fields, read] = [[], () => undefined];
  const [[mediaType, content] = []] = Object.entries(operation.requestBody?.content ?? {});
  if (mediaType) {
    headers["content-type"] = mediaType;
    const body = { "application/json": jsonBody, [FORM]: formBody }[mediaType];
    [fields, read] = body ? body(resolve(content.schema)) : textBody(mediaType, content.example);
  }
  const make = () => {
    if (operation.security && session) {
      headers.authorization = `Bearer ${session.access_token}`;
    } else {
      delete headers.authorization;
    }
    return { method: method.toUpperCase(), path, headers, body: read() };
  };
  return [fields, make];
}

/** The "Try it out" section of an operation. */
function trial(article, operation) {
  const [fields, make] = request(article, operation);
  const sent = element("pre");
  const headers = element("pre");
  const body = element("pre");
  const line = statusLine();
  const answered = element(
    "div", { hidden: true },
    element("h4", {}, "Request"), sent,
    element("h4", {}, "Response headers"), headers,
    element("h4", {}, "Response body"), body,
  );
  const form = element(
    "form", {}, ...fields,
    element("div", { className: "buttons" }, element("button", {}, "Send")), line,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const made = make();
    const answer = await send(made);
    sent.textContent = curl(made);
    answered.hidden = false;
    headers.textContent = answer ? Array.from(answer.response.headers, (pair) => pair.join(": ")).join("\n") : "";
    body.textContent = answer ? pretty(answer.text) : "";
    if (answer) {
      const { status, ok } = answer.response;
      const meaning = operation.responses[status]?.description ?? answer.response.statusText;
      say(line, `${status}: ${meaning} (${answer.milliseconds} ms)`, ok);
    } else {
      say(line, UNREACHABLE, false);
    }
  });
  return element(
    "details", { className: "trial" },
    element("summary", {}, "Try it out"), form, answered,
  );
}

document.getElementById("authorize").append(...authorization());
for (const article of document.querySelectorAll("article[data-path]")) {
  const { path, method } = article.dataset;
  article.append(trial(article, api.paths[path][method]));
}
