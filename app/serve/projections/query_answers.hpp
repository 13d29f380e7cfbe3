// The result of a query as an HTTP answer, in the form of the service whose routes they were.
// Tested by tests/unit/app/serve/projections/query_answers_test.cpp.
#pragma once

#include "events/queries/query_desk.hpp"
#include "events/queries/query_file.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

#include <cstdint>
#include <string_view>

namespace app {

enum class error_words : std::uint8_t {
    detail,           // {"detail": …}, as everywhere here
    error,            // {"error": …}: the live ETL's
    code_and_message, // {"code": …, "message": …}: Restify's, of probo-db
    capital_error,    // {"Error": …}, and no body if there is no record: the timestamp service's
};

// By the projection's name.
[[nodiscard]] error_words error_words_of(std::string_view projection) noexcept;

// With an ETag; 304 if the client has the same already.
[[nodiscard]] http::response response_to(events::query_answer answer, events::answer_form form,
                                         error_words words, const http::request& asked);

} // namespace app
