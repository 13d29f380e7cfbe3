// Whatever the service, or something before it, answers: it is a response or it is refused, and the pieces in
// which it comes do not matter. The first byte says whether HEAD was asked and where a body goes, the second
// how the rest is cut.
#include "http/client/response_reader.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <string>

namespace {

struct result {
    bool refused = false;
    bool done = false;
    std::string text;
    std::size_t rest = 0;
    bool operator==(const result&) const = default;
};

template <typename Step>
result read(std::string_view bytes, bool head, http::response_reader::body_goes where, Step next_step) {
    http::response_reader reader(head, where);
    std::string waiting;
    std::string body;
    result made;
    try {
        while (!reader.done() && !bytes.empty()) {
            const auto piece = bytes.substr(0, next_step());
            waiting += piece;
            bytes.remove_prefix(piece.size());
            for (auto used = waiting.size(); used > 0 && !waiting.empty() && !reader.done();) {
                used = reader.feed(waiting);
                check(used <= waiting.size(), "it uses what there is");
                for (const auto part : reader.pieces()) {
                    check(waiting.data() <= part.data() &&
                              part.data() + part.size() <= waiting.data() + waiting.size(),
                          "a piece lies in what was fed");
                    body += part;
                }
                waiting.erase(0, used);
            }
        }
        if (!reader.done())
            reader.feed_end();
    } catch (const boost::system::system_error&) {
        made.refused = true;
        return made;
    }
    made.done = reader.done();
    made.rest = waiting.size() + bytes.size();
    const auto& response = reader.response();
    made.text = std::to_string(response.status) + (reader.keep_alive() ? " kept " : " closed ");
    for (const auto& [name, value] : response.headers) {
        check(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
              "names are in lowercase");
        check(value.find('\n') == std::string::npos, "a value is one line");
        made.text.append(name).append(":").append(value).append("|");
    }
    check(body.empty() || response.body.empty(), "a body goes one way");
    check(!head || (body.empty() && response.body.empty()), "an answer to HEAD has no body");
    made.text += body + response.body;
    return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const bool head = (data[0] & 1) != 0;
    const auto where = (data[0] & 2) != 0 ? http::response_reader::body_goes::to_pieces
                                          : http::response_reader::body_goes::to_string;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto whole = read(text, head, where, [size] { return size; });
    check(read(text, head, where, [] { return 1; }) == whole, "byte by byte it is the same");
    std::size_t step = data[1];
    check(read(text, head, where, [&step] { return step = step * 7 % 31 + 1; }) == whole,
          "cut anywhere it is the same");
    return 0;
}
