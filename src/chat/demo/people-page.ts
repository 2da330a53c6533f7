import type { DemoPerson } from '../console/demo-parts';
import { html } from '../console/html';

/** The choice of who works in the console. @param current id of who does now */
export const peoplePage = (
  people: readonly DemoPerson[],
  next: string,
  current: string | undefined,
): string =>
  `<!doctype html>${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in to the demo · Runwatch</title>
<link rel="icon" href="/console/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console/assets/console.css">
<link rel="stylesheet" href="/console/demo/assets/demo.css">
</head>
<body>
<main class="people">
<h1>Sign in to the demo</h1>
<p>The Azure tenant and the chat are simulated. Choose one of three people; you can switch at any time, for example to approve what another one asked for.</p>
<form method="post" action="/console/sign-in/as"><input type="hidden" name="next" value="${next}">
<ul>${people.map(
      ({ id, name, role, may }) =>
        html`<li><button class="person" name="person" value="${id}"${id === current && html` aria-current="true"`}><strong>${name}</strong> <span class="pill accent">${role}</span>${id === current && html` <span class="muted">signed in</span>`}<span class="may">${may}</span></button></li>`,
    )}</ul></form>
</main>
</body>
</html>`.text
  }`;
