/** What the connector has to say to people by e-mail, and the port that takes it. How it gets there is the operator's business. */

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text, lines ended by LF. */
  readonly text: string;
}

/** Takes mail to be sent. Rejects when it could not be kept. */
export interface Outbox {
  deliver(mail: Mail): Promise<void>;
}

const LONGEST_ADDRESS = 254;

/**
 * Whether a text can stand as an address in a mail's header, as a login and in Basic: visible ASCII with one @, and none of the letters
 * that mean something there.
 */
export function isMailAddress(text: string): boolean {
  const at = text.indexOf("@");
  if (at < 1 || at === text.length - 1 || at !== text.lastIndexOf("@")) return false;
  if (text.length > LONGEST_ADDRESS) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code > 126 || '"(),/:;<>[]\\'.includes(text[i])) return false;
  }
  return true;
}

export function invitationMail(to: string, link: string, hours: number): Mail {
  return {
    to,
    subject: "Your registration",
    text: `Somebody, probably you, asked for an account with this e-mail address.

To choose a password and begin, open this link within ${hours} hours:

${link}

It works once. If it was not you, nothing happens when you ignore this message.
`,
  };
}

export function resetMail(to: string, link: string, hours: number): Mail {
  return {
    to,
    subject: "Your password",
    text: `Somebody, probably you, asked to register this e-mail address, which has an account already.

To choose another password, open this link within ${hours} hours:

${link}

It works once. If it was not you, nothing happens when you ignore this message: your password stays as it is.
`,
  };
}

export function passwordChangedMail(to: string): Mail {
  return {
    to,
    subject: "Your password was changed",
    text: `The password of your account was changed just now.

If it was not you, ask for a new invitation on the page where you log in, and choose another password:
that also ends the key with which it was done.
`,
  };
}
