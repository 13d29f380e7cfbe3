// What the sink knows of the blobs it was sent: names, sizes, ETags, metadata and block lists, and the
// content that it was given: of append blobs always, since a run reads its ledger, of blocks with --keep.
// Answers as the Blob service does, as far as event-archiver asks; no I/O here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
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
    std::string body;                           // of a block list and of content that is kept
    std::uint64_t body_size = 0;

    [[nodiscard]] std::string_view asked(const std::string& name) const;
    [[nodiscard]] std::string_view header(const std::string& name) const;
};

// A part of what is kept. It stays until it is sent, whatever happens to its blob.
struct piece {
    std::shared_ptr<const std::string> kept;
    std::string_view bytes;
};

using header_list = std::vector<std::pair<std::string, std::string>>;

struct answer {
    unsigned status = 200;
    header_list headers;
    std::string body{};
    std::uint64_t length = 0;    // of a HEAD's answer, which has no body
    std::vector<piece> pieces{}; // sent behind the body

    [[nodiscard]] std::uint64_t size() const;
};

class shelf {
  public:
    [[nodiscard]] answer reply(question what);
    void clear();

  private:
    struct block {
        std::string id;
        std::uint64_t size = 0;
        std::shared_ptr<const std::string> content; // null: thrown away
    };
    struct blob {
        std::uint64_t version = 0; // 0: staged blocks only, so it is not there yet
        std::vector<block> blocks;
        std::map<std::string, block, std::less<>> staged;
        std::map<std::string, std::string> headers; // content-type and x-ms-meta-…
        [[nodiscard]] std::uint64_t size() const;
        [[nodiscard]] std::string etag() const;
        [[nodiscard]] header_list state() const; // the headers that say which version it is
    };

    [[nodiscard]] answer container(const question& what);
    [[nodiscard]] static answer lease(const question& what, const blob* target);
    [[nodiscard]] answer list(const question& what) const;
    [[nodiscard]] static answer put_block(question& what, blob& target);
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
