// Stands for @opentelemetry/api in the build of the hub.

module.exports = {};
