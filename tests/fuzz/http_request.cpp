// Whatever a client sends, and in whatever pieces, it is a request or it is refused, and the pieces do not
// matter.
#include "http/server/impl/request_reader.hpp"
#include "tests/fuzz/check.hpp"

#include <string>

namespace {

struct result {
    bool done = false;
    unsigned refused = 0;
    std::string text;
    std::size_t rest = 0;
};

result read(std::string_view bytes, std::size_t step) {
    static constexpr http::size_limits limits{64, 256, 32};
    http::request_reader reader(limits);
    std::string waiting;
    for (;;) {
        const bool had_header = reader.header_done();
        const auto used = reader.feed(waiting);
        check(used <= waiting.size(), "it uses what there is");
        waiting.erase(0, used);
        check(waiting.size() <= 256 + 64 + step || reader.refused() || reader.done(),
              "what waits is bounded");
        if (reader.done() || reader.refused())
            break;
        if (!had_header && reader.header_done())
            continue;
        if (bytes.empty())
            break;
        waiting += bytes.substr(0, step);
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
    auto& asked = reader.request();
    check(asked.body.size() <= 32, "the body has its limit");
    result made;
    made.done = reader.done() && !reader.refused();
    made.refused = reader.refused() ? reader.refused()->status : 0;
    made.rest = waiting.size() + bytes.size();
    if (made.done) {
        check(asked.path.starts_with('/') || asked.path == "*", "a path begins with a slash");
        made.text = asked.method + " " + asked.path + "?" + asked.query + " " + asked.body;
        for (const auto& [name, value] : asked.headers)
            made.text += "|" + name + ":" + value;
    }
    return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = read(text, size + 1);
    const auto bytewise = read(text, 1);
    check(whole.done == bytewise.done, "pieces make no request and unmake none");
    check(whole.text == bytewise.text && (!whole.done || whole.rest == bytewise.rest), "and change none");
    return 0;
}
