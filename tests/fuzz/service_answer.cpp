// An answer of the service that is no success, and what its headers say. The first two bytes are the status,
// lines up to an empty one are headers, the rest is the body. There is always an error, of one line that has
// an end and shows nothing of the credential.
#include "azure/blob/impl/blob_answers.hpp"
#include "azure/blob/impl/service_error.hpp"
#include "tests/fuzz/check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'760'000'000)};

void check_range(std::string_view text) {
    const auto read = azure::parse_content_range(text);
    if (!read)
        return;
    const auto again = azure::parse_content_range(
        read->first ? fmt::format("bytes {}-{}/{}", *read->first, read->total, read->total)
                    : fmt::format("bytes */{}", read->total));
    check(again && again->first == read->first && again->total == read->total, "a range comes back");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    http::wire_response answer;
    answer.status = 300 + (data[0] * 256U + data[1]) % 300;
    std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line.empty())
            break;
        const auto colon = std::min(line.find(':'), line.size());
        answer.headers.insert_or_assign(std::string(line.substr(0, colon)),
                                        std::string(line.substr(std::min(colon + 1, line.size()))));
    }
    answer.body = rest;
    const auto failed = azure::service_error(answer, "client-id", now);
    check(failed.status() == answer.status, "the status is kept");
    check(failed.message().find_first_of("\r\n") == std::string::npos, "an error is one line");
    check(failed.message().size() < 1'024, "which has an end");
    check(failed.service_code().size() <= 128, "so has a code");
    if (const auto pause = failed.retry_after())
        check(pause->count() >= 0, "a pause is not negative");
    check_range(answer.header("content-range"));
    check_range(answer.body);
    return 0;
}
