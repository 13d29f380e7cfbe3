// What the sink knows of the blobs it was sent: names, sizes, ETags, metadata and block lists, but no
// content, except of append blobs: a run reads its ledger. Answers as the Blob service does, as far as
// event-archiver asks; no I/O here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

struct question {
    std::string method;
    std::string container;
    std::string blob;                           // empty: the container itself
    std::map<std::string, std::string> query;   // decoded
    std::map<std::string, std::string> headers; // names in lowercase
    std::string body;                           // of Put Block List and Append Block alone
    std::uint64_t body_size = 0;

    [[nodiscard]] std::string_view asked(const std::string& name) const;
    [[nodiscard]] std::string_view header(const std::string& name) const;
};

struct answer {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::uint64_t length = 0; // of a HEAD's answer, which has no body
};

class shelf {
  public:
    [[nodiscard]] answer reply(const question& what);
    void clear();

  private:
    struct block {
        std::string id;
        std::uint64_t size = 0;
    };
    struct blob {
        std::uint64_t version = 0; // 0: staged blocks only, so it is not there yet
        std::vector<block> blocks;
        std::map<std::string, std::uint64_t, std::less<>> staged;
        std::map<std::string, std::string> headers; // content-type and x-ms-meta-…
        std::string appended;                       // all that was appended
        [[nodiscard]] std::uint64_t size() const;
        [[nodiscard]] std::string etag() const;
    };

    [[nodiscard]] answer container(const question& what);
    [[nodiscard]] static answer lease(const question& what, const blob* target);
    [[nodiscard]] answer list(const question& what) const;
    [[nodiscard]] answer put_block(const question& what, blob& target);
    [[nodiscard]] answer put_block_list(const question& what, blob& target);
    [[nodiscard]] answer publish(const question& what, blob& target);
    [[nodiscard]] static answer block_list_of(const blob& target);
    [[nodiscard]] static answer content_of(const question& what, const blob& target);
    [[nodiscard]] static answer properties_of(const blob& target);

    std::set<std::string> containers_;
    std::map<std::string, blob> blobs_; // by "container/name"
    std::uint64_t version_ = 0;
};

} // namespace bench
