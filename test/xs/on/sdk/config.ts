/** `mc/config` of the SDK: what mcconfig was told on its command line. */

export default { hash: "0123456789abcdef" };
