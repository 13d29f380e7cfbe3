// Errors of PostgreSQL, and of the connection to it.
#pragma once

#include "async/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace db {

// A five-character SQLSTATE (PostgreSQL documentation, appendix A); empty when the error did not come from
// the server.
using sqlstate = std::string;

// Serialization failures, deadlocks, lost connections and a server that is starting or stopping are
// temporary; 28xxx and 42501 are refused; 3D000, 42P01, 42703, 55000 are preconditions; all else is
// unclassified.
[[nodiscard]] async::failure classify(std::string_view state) noexcept;

inline constexpr std::string_view too_many_connections = "53300";

class error : public async::error {
  public:
    // `message` is the server's primary message; never its detail, which may hold row values.
    error(async::failure kind, std::string message, sqlstate state, bool connection_usable,
          std::string hint = {});

    [[nodiscard]] const sqlstate& state() const noexcept { return state_; }
    // The server's own words, for the place where the refused row itself is kept. They may hold its values:
    // never logged, never printed.
    [[nodiscard]] const std::string& server_words() const noexcept { return server_words_; }
    void set_server_words(std::string words) { server_words_ = std::move(words); }
    // The position of the wrong character in the statement, from 1; 0: not known.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    void set_position(std::size_t character) noexcept { position_ = character; }
    // False once the session is gone or out of step: only closing it is left.
    [[nodiscard]] bool connection_usable() const noexcept { return connection_usable_; }
    // 40001 and 40P01: the whole transaction may be run again with a fresh snapshot.
    [[nodiscard]] bool serialization_failure() const noexcept {
        return state_ == "40001" || state_ == "40P01";
    }

  private:
    sqlstate state_;
    std::string server_words_;
    std::size_t position_ = 0;
    bool connection_usable_;
};

} // namespace db
