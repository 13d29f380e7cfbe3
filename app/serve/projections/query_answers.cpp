#include "app/serve/projections/query_answers.hpp"

#include "http/server/file_range.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace app {

namespace {

constexpr std::size_t tagged_max = std::size_t{1} << 20; // a larger one is not worth the sum

constexpr std::array<std::pair<std::string_view, error_words>, 3> words_of_projections{
    {{"revenue", error_words::error},
     {"builds", error_words::code_and_message},
     {"timestamps", error_words::capital_error}}};

http::response json_answer_of(unsigned status, const boost::json::object& body) {
    return http::json_response(status, body);
}

// Restify's names of errors.
std::string_view restify_code(unsigned status) {
    switch (status) {
    case 400:
        return "BadRequest";
    case 404:
    case 410:
        return "ResourceNotFound";
    case 503:
        return "ServiceUnavailable";
    default:
        return "Internal";
    }
}

std::string query_sentence(const events::query_answer& answer, error_words words) {
    if (answer.kind == events::query_answer::outcome::none)
        return "what the request names is not there";
    if (answer.kind == events::query_answer::outcome::bad_parameter && !answer.parameter.empty())
        return words == error_words::code_and_message
                   ? fmt::format("Invalid {} id", answer.parameter)
                   : fmt::format("{}: {}", answer.parameter, answer.detail);
    // The server's words are for the operator: the log has them.
    if (answer.kind == events::query_answer::outcome::unavailable)
        return "the query cannot be answered now";
    return answer.kind == events::query_answer::outcome::broken ? "the query cannot be answered"
                                                                : answer.detail;
}

http::response query_error(const events::query_answer& answer, error_words words) {
    const auto sentence = query_sentence(answer, words);
    boost::json::object body;
    switch (words) {
    case error_words::detail:
        body["detail"] = sentence;
        break;
    case error_words::error:
        body["error"] = sentence;
        break;
    case error_words::code_and_message:
        body["code"] = boost::json::string_view(restify_code(answer.status));
        body["message"] = sentence;
        break;
    case error_words::capital_error:
        body["Error"] = sentence;
        break;
    }
    auto made = json_answer_of(answer.status, body);
    if (answer.status == 503)
        made.headers.emplace_back("Retry-After", "1");
    return made;
}

http::response without_body(unsigned status) {
    http::response made;
    made.status = status;
    return made;
}

std::string entity_tag(const std::string& body) {
    const boost::uuids::name_generator_sha1 sum(boost::uuids::ns::oid());
    return fmt::format("\"{}\"", boost::uuids::to_string(sum(body)));
}

std::string_view answer_type(events::answer_form form, error_words words) {
    if (form == events::answer_form::text)
        return "text/plain; charset=utf-8";
    return words == error_words::error ? "application/json; charset=utf-8" : "application/json";
}

} // namespace

error_words error_words_of(std::string_view projection) noexcept {
    const auto* const found =
        std::ranges::find(words_of_projections, projection, &std::pair<std::string_view, error_words>::first);
    return found == words_of_projections.end() ? error_words::detail : found->second;
}

http::response response_to(events::query_answer answer, events::answer_form form, error_words words,
                           const http::request& asked) {
    if (answer.kind == events::query_answer::outcome::none &&
        (answer.status < 300 || words == error_words::capital_error))
        return without_body(answer.status);
    if (answer.kind != events::query_answer::outcome::found)
        return query_error(answer, words);
    auto made = http::text_response(answer_type(form, words), std::move(answer.body));
    if (made.body.size() > tagged_max)
        return made;
    auto tag = entity_tag(made.body);
    if (http::names_tag(asked.header("if-none-match"), tag))
        made = without_body(304);
    made.headers.emplace_back("ETag", std::move(tag));
    return made;
}

} // namespace app
