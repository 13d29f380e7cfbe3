#include "http/client/response_reader.hpp"

#include "async/ascii.hpp"
#include "async/last_chunk.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace http {

namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t header_limit = 64 * 1024; // 8 KiB of metadata leave Beast's default too little room
// The largest document is a page of 5,000 blobs with 8 KiB of metadata each, at most; errors are a few
// hundred bytes.
constexpr std::size_t success_limit = std::size_t{64} * 1024 * 1024;
constexpr std::size_t failure_limit = std::size_t{256} * 1024;

} // namespace

// A parser of our own, so that body bytes are handed on from where they were received.
class response_reader::parser final : public beast_http::basic_parser<false> {
  public:
    explicit parser(body_goes successes)
        : successes_(successes) {
        header_limit(::http::header_limit);
        body_limit(boost::none); // counted below, where it is known what gets the body
        eager(true);
    }

    wire_response response;
    std::vector<std::string_view> pieces;

  private:
    [[nodiscard]] bool success() const noexcept { return response.status / 100 == 2; }

    std::size_t take(beast::string_view body, error_code& failed) {
        if (success() && successes_ == body_goes::to_pieces) {
            pieces.emplace_back(body.data(), body.size());
            return body.size();
        }
        if (response.body.size() + body.size() > (success() ? success_limit : failure_limit)) {
            failed = beast_http::error::body_limit;
            return 0;
        }
        response.body.append(body.data(), body.size());
        return body.size();
    }

    void on_request_impl(beast_http::verb, beast::string_view, beast::string_view, int,
                         error_code&) override {}
    void on_response_impl(int code, beast::string_view, int, error_code&) override {
        response.status = static_cast<unsigned>(code);
    }
    void on_field_impl(beast_http::field, beast::string_view name, beast::string_view value,
                       error_code&) override {
        auto& all = response.headers[async::lowercase(name)];
        if (!all.empty())
            all += ", ";
        all.append(value.data(), value.size());
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, error_code& failed) override {
        return take(body, failed);
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code& failed) override {
        return take(body, failed);
    }
    void on_finish_impl(error_code&) override {}

    body_goes successes_;
};

response_reader::response_reader(bool answers_head, body_goes successes)
    : answers_head_(answers_head)
    , successes_(successes) {
    start();
}

response_reader::~response_reader() = default;

void response_reader::start() {
    parser_ = std::make_unique<parser>(successes_);
    parser_->skip(answers_head_);
}

std::size_t response_reader::feed(std::string_view bytes) {
    parser_->pieces.clear();
    std::size_t used = 0;
    while (used < bytes.size() && !done()) {
        if (parser_->is_header_done() && parser_->chunked() &&
            async::may_be_part_of_last_chunk(bytes.substr(used)))
            break;
        error_code failed;
        const auto now =
            parser_->put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), failed);
        used += now;
        if (failed && failed != beast_http::error::need_more)
            throw boost::system::system_error(failed);
        if (parser_->is_done() && parser_->response.status < 200)
            start(); // 100 Continue, 103 Early Hints: the answer is still to come
        else if (failed || now == 0)
            break;
    }
    return used;
}

void response_reader::feed_end() {
    error_code failed;
    if (!parser_->got_some())
        failed = boost::asio::error::eof;
    else
        parser_->put_eof(failed);
    if (failed)
        throw boost::system::system_error(failed);
}

bool response_reader::header_done() const { return parser_->is_header_done(); }
bool response_reader::done() const { return parser_->is_done(); }
const std::vector<std::string_view>& response_reader::pieces() const { return parser_->pieces; }
bool response_reader::keep_alive() const { return parser_->keep_alive(); }
wire_response& response_reader::response() { return parser_->response; }

} // namespace http
