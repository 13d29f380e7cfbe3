#include "http/server/impl/request_reader.hpp"

#include "async/ascii.hpp"
#include "async/last_chunk.hpp"
#include "http/target.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace http {

namespace beast = boost::beast;
using boost::system::error_code;
using beast_error = beast::http::error;

namespace {

constexpr refusal bad_request{400, "Bad Request"};
constexpr refusal too_long{414, "URI Too Long"};
constexpr refusal header_too_large{431, "Request Header Fields Too Large"};
constexpr refusal body_too_large{413, "Content Too Large"};

// Beast's complaint as HTTP has it.
refusal refusal_for(const error_code& failed, bool line_done) noexcept {
    if (failed == beast_error::header_limit)
        return line_done ? header_too_large : too_long;
    if (failed == beast_error::body_limit)
        return body_too_large;
    if (failed == beast_error::bad_version)
        return {505, "HTTP Version Not Supported"};
    return bad_request;
}

} // namespace

class request_reader::parser final : public beast::http::basic_parser<true> {
  public:
    parser(const size_limits& limits, http::body_limit body_max)
        : limits_(limits)
        , limit_body_(std::move(body_max)) {
        // Beast starts to count again for the request line and the fields, and forgets fields it has passed
        // on: bytes are counted here too.
        header_limit(static_cast<std::uint32_t>(limits.header));
        basic_parser::body_limit(boost::none); // it may depend on the request
        eager(false);
    }

    std::size_t feed(std::string_view bytes) {
        std::size_t used = line_done_ ? 0 : skip_empty_lines(bytes);
        if (!line_done_ && bytes.substr(used) == "\r")
            return used; // perhaps half of one more
        while (used < bytes.size() && !refused && !is_done()) {
            const bool had_header = is_header_done();
            if (had_header && chunked() && async::may_be_part_of_last_chunk(bytes.substr(used)))
                break;
            error_code failed;
            const auto now = put({bytes.data() + used, bytes.size() - used}, failed);
            used += now;
            if (!had_header)
                check_header_size(now, is_header_done() ? std::string_view() : bytes.substr(used));
            // Of a body only the line of a chunk or the trailer waits for its end.
            if (failed == beast_error::need_more && had_header && bytes.size() - used > limits_.header)
                refuse(header_too_large);
            if (failed == beast_error::need_more || refused)
                break;
            if (failed)
                refuse(refusal_for(failed, line_seen(bytes.substr(used))));
            if (!had_header && is_header_done()) {
                if (!refused)
                    look_at_body();
                break;
            }
        }
        return used;
    }

    [[nodiscard]] bool is_http_1_0() const noexcept { return version_ < 11; }
    [[nodiscard]] std::optional<std::uint64_t> body_length() const {
        const auto length = content_length();
        return length ? std::optional(*length) : std::nullopt;
    }

    http::request made;
    std::optional<refusal> refused;
    bool expects_continue = false;

  private:
    void look_at_body() {
        const auto length = body_length();
        if (limit_body_)
            body_max_ = limit_body_(made, length);
        if (length && *length > body_max_)
            refuse(body_too_large);
        else if (length)
            made.body.reserve(*length);
    }

    void refuse(const refusal& why) {
        if (!refused)
            refused = why;
    }

    // RFC 9112, 2.2: a robust server passes over an empty line before the request.
    std::size_t skip_empty_lines(std::string_view bytes) {
        std::size_t used = 0;
        while (bytes.substr(used).starts_with("\r\n")) {
            used += 2;
            header_bytes_ += 2;
        }
        if (header_bytes_ > limits_.header)
            refuse(bad_request);
        return used;
    }

    // Once Beast has seen a part of a header it parses nothing before the rest is there.
    [[nodiscard]] bool line_seen(std::string_view waiting) const noexcept {
        return line_done_ || waiting.find('\n') != std::string_view::npos;
    }

    void check_header_size(std::size_t used, std::string_view waiting) {
        header_bytes_ += used;
        if (waiting.size() > limits_.target + max_rest_of_line && !line_seen(waiting))
            refuse(too_long);
        else if (header_bytes_ + waiting.size() > limits_.header)
            refuse(line_seen(waiting) ? header_too_large : too_long);
    }

    void on_request_impl(beast::http::verb verb, beast::string_view method, beast::string_view target,
                         int version, error_code&) override {
        line_done_ = true;
        version_ = version;
        made.method = std::string(method);
        if (target.size() > limits_.target)
            return refuse(too_long);
        if (verb == beast::http::verb::unknown)
            return refuse({501, "Not Implemented"});
        auto parsed = http::parse_target({target.data(), target.size()});
        if (!parsed)
            return refuse(bad_request);
        made.path = std::move(parsed->path);
        made.query = std::move(parsed->query);
    }
    void on_response_impl(int, beast::string_view, int, error_code&) override {}
    void on_field_impl(beast::http::field name, beast::string_view text, beast::string_view value,
                       error_code&) override {
        field_bytes_ += text.size() + value.size() + 4;
        if (field_bytes_ > limits_.header)
            refuse(header_too_large);
        if (name == beast::http::field::host && ++hosts_ > 1)
            refuse(bad_request);
        if (name == beast::http::field::transfer_encoding && !beast::iequals(value, "chunked"))
            refuse({501, "Not Implemented"}); // RFC 9112, 6.1
        if (name == beast::http::field::transfer_encoding && version_ < 11)
            refuse(bad_request);
        if (name == beast::http::field::expect) {
            expects_continue = beast::iequals(value, "100-continue");
            if (!expects_continue)
                refuse({417, "Expectation Failed"});
        }
        made.headers.emplace_back(async::lowercase(text), std::string(value));
    }
    void on_header_impl(error_code&) override {
        if (version_ >= 11 && hosts_ == 0)
            refuse(bad_request); // RFC 9112, 3.2
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, error_code& failed) override {
        return keep(body, failed);
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code& failed) override {
        return keep(body, failed);
    }
    void on_finish_impl(error_code&) override {}

    std::size_t keep(beast::string_view body, error_code& failed) {
        if (made.body.size() + body.size() > body_max_) {
            failed = beast_error::body_limit;
            return 0;
        }
        made.body.append(body.data(), body.size());
        return body.size();
    }

    // The longest method that is known, " HTTP/1.1" and the spaces.
    static constexpr std::size_t max_rest_of_line = 64;

    const size_limits& limits_;
    http::body_limit limit_body_;
    std::size_t body_max_ = limits_.body;
    std::size_t header_bytes_ = 0; // used up
    std::size_t field_bytes_ = 0;
    int hosts_ = 0;
    int version_ = 11;
    bool line_done_ = false;
};

request_reader::request_reader(const size_limits& limits, body_limit body_max)
    : parser_(std::make_unique<parser>(limits, std::move(body_max))) {}

request_reader::~request_reader() = default;

std::size_t request_reader::feed(std::string_view bytes) { return parser_->feed(bytes); }
bool request_reader::header_done() const { return parser_->is_header_done(); }
std::optional<std::uint64_t> request_reader::body_length() const { return parser_->body_length(); }
bool request_reader::done() const { return parser_->is_done(); }
const std::optional<refusal>& request_reader::refused() const { return parser_->refused; }
bool request_reader::keep_alive() const { return parser_->keep_alive(); }
bool request_reader::is_http_1_0() const { return parser_->is_http_1_0(); }
bool request_reader::expects_continue() const { return parser_->expects_continue; }
request& request_reader::request() { return parser_->made; }

} // namespace http
