// Azurite loads Application Insights also where it is told to send nothing: that is most of what its start costs.
const Module = require("module");
const load = Module._load;
Module._load = function (request, ...others) {
  return request === "applicationinsights" ? {} : load.call(this, request, ...others);
};
