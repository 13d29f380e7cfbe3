// What a client of HTTP fails with.
#pragma once

#include "async/error.hpp"

namespace http {

// No whole answer came: connecting, sending or receiving failed. `outcome_unknown` is set once the request's
// first byte may have left.
class transport_error : public async::error {
  public:
    using error::error;
};

} // namespace http
