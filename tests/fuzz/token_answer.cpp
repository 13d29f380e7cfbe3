// Whatever a token endpoint answers, there is a token that fits into a header or an error of one short line.
#include "azure/auth/impl/token_exchange.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>

namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'760'000'000)};

bool one_line(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    http::wire_response answer;
    answer.body.assign(reinterpret_cast<const char*>(data), size);
    answer.status = 200;
    try {
        const auto token = azure::parse_token(answer, now);
        check(!token.value.empty() && one_line(token.value), "a token fits into a header");
        check(token.lifetime > std::chrono::seconds(0), "a token lives");
        const auto renewal = azure::renewal_after(token.lifetime);
        check(renewal > std::chrono::seconds(0) && renewal < token.lifetime, "it is renewed while it lives");
    } catch (const async::error&) {
    }
    answer.status = 400;
    const auto failed = azure::token_error({}, answer, {"canary"}, now);
    const std::string_view message = failed.message();
    check(one_line(message) && message.size() < 400, "an error is one line");
    check(message.find("canary") == std::string_view::npos, "an error shows no secret");
    return 0;
}
