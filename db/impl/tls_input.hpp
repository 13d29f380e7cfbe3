// Bytes that have left the socket but not yet reached libpq.
#pragma once

#include "db/impl/libpq.hpp"

namespace db {

// A TLS record (up to 16 KiB) is taken from the socket whole, while libpq 15 asks for as little as 8 KiB of
// it. For the rest, which may be the last that the server has to say, the socket never becomes readable.
// libpq's own waits look for it, its nonblocking calls leave that to the caller. PostgreSQL up to 16 sends
// records of 8 KiB at most; since 17 it writes large rows at once.
class tls_input {
  public:
    explicit tls_input(PGconn* connected);
    // libpq frees its TLS state together with the socket.
    void forget() noexcept { count_ = nullptr; }
    [[nodiscard]] bool waiting() const noexcept { return count_ && count_(tls_) > 0; }

  private:
    using count_function = int (*)(const void*);
    const void* tls_;
    count_function count_ = nullptr;
};

} // namespace db
