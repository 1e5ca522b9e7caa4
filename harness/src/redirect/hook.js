// Pushpit's hook: sockets to push hosts are opened to the emulator instead. Nothing else changes:
// names for TLS and HTTP stay those of the push hosts.
'use strict';

function redirect({ hosts, to }) {
  const net = require('node:net');
  const connect = net.Socket.prototype.connect;
  const patterns = hosts.map((host) => host.toLowerCase());

  function isPushHost(host) {
    if (typeof host !== 'string') return false;
    const name = host.toLowerCase().replace(/\.$/, '');
    return patterns.some((pattern) => (pattern.startsWith('*')
      ? name.length >= pattern.length && name.endsWith(pattern.slice(1))
      : name === pattern));
  }

  // Callers keep their options and compare certificates with the host in them: they get a copy.
  function redirected(options) {
    const copy = { ...options, host: to.host, port: Number(to.port) };
    delete copy.lookup;
    delete copy.family;
    return copy;
  }

  net.Socket.prototype.connect = function (...args) {
    const [first] = args;
    if (Array.isArray(first)) {
      // What `net.connect` and `tls.connect` have made of their arguments, marked by a symbol.
      if (first[0] && isPushHost(first[0].host)) {
        args[0] = Object.assign([], first, { 0: redirected(first[0]) });
      }
    } else if (first && typeof first === 'object') {
      if (isPushHost(first.host)) args[0] = redirected(first);
    } else if (isPushHost(args[1])) {
      args[0] = Number(to.port);
      args[1] = to.host;
    }
    return connect.apply(this, args);
  };
}
