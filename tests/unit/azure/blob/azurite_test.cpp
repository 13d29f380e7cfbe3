// Every operation against a real Azurite, or whatever EVENT_ARCHIVER_TEST_STORAGE (a connection string with
// an account key) names; over HTTPS where EVENT_ARCHIVER_TEST_STORAGE_TLS and EVENT_ARCHIVER_TEST_CA are set.
// Skipped without.
#include "azure/blob/blob_client.hpp"
#include "azure/blob/block_id.hpp"
#include "azure/blob/crc64.hpp"
#include "azure/impl/request_id.hpp"
#include "azure/percent_encoding.hpp"
#include "http/client/base64.hpp"
#include "tests/unit/azure/blob/listing.hpp"
#include "tests/unit/azure/blob/storage_failure.hpp"
#include "tests/unit/http/client/loop.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <gmock/gmock.h>
#include <random>

namespace azure {
namespace {

using http::rig::hasty_retries;
using http::rig::kept_log;
using rig::storage_failure_of;
using ::testing::HasSubstr;

enum class way : std::uint8_t { key, sas, tls };

std::string setting(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// An account SAS, as in "Create an account SAS" of the REST reference: one field a line, the last line ended
// too.
std::string account_sas(const account& owner) {
    const std::string text = owner.name +
                             "\nrwdlac\nb\nsco\n2020-01-01T00:00:00Z\n2050-01-01T00:00:00Z\n\nhttps,http\n" +
                             std::string(service_version) + "\n\n";
    const auto& key = std::get<shared_key>(owner.credential).key;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    return "sv=" + std::string(service_version) +
           "&ss=b&srt=sco&sp=rwdlac&st=2020-01-01T00%3A00%3A00Z&se=2050-01-01T00%3A00%3A00Z&spr=https%2Chttp&"
           "sig=" +
           encode_query_value(http::base64_encode({digest, size}));
}

class azurite_test : public ::testing::TestWithParam<way> {
  protected:
    void SetUp() override {
        const bool tls = GetParam() == way::tls;
        const auto text = setting(tls ? "EVENT_ARCHIVER_TEST_STORAGE_TLS" : "EVENT_ARCHIVER_TEST_STORAGE");
        if (text.empty())
            GTEST_SKIP() << "no storage to test against";
        const auto parsed = parse_connection_string(text);
        ASSERT_THAT(parsed.mistakes, ::testing::IsEmpty());
        owner_ = parsed.value;
        if (GetParam() == way::sas)
            owner_.credential = shared_access_signature{account_sas(owner_)};
        http::pool_options options;
        options.ca_file = tls ? setting("EVENT_ARCHIVER_TEST_CA") : "";
        pool_ = std::make_unique<http::session_pool>(loop_.get_executor(), owner_.blob, options, log_);
        client_ = std::make_unique<blob_client>(owner_, "t-" + make_request_id(), client_options{}, *pool_,
                                                retries_, log_);
        EXPECT_TRUE(run(client_->ensure_container()));
    }

    template <typename T>
    T run(async::awaitable<T> operation) {
        return http::rig::run(loop_, std::move(operation));
    }

    void put_block(const std::string& name, const std::string& id, std::string_view text) {
        const auto bytes = std::as_bytes(std::span<const char>(text.data(), text.size()));
        const std::span<const std::byte> pieces[] = {bytes.first(bytes.size() / 2),
                                                     bytes.subspan(bytes.size() / 2)};
        run(client_->put_block(name, id, pieces, crc64(0, bytes)));
    }

    std::string read(const std::string& name, const etag& tag, std::uint64_t from,
                     std::optional<std::uint64_t> to = std::nullopt) {
        std::string got;
        const body_sink sink = [&got](std::span<const std::byte> bytes) -> async::awaitable<void> {
            got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            co_return;
        };
        run(client_->read(name, tag, from, to, sink));
        return got;
    }

    boost::asio::io_context loop_{1};
    kept_log log_;
    std::uint64_t repeats_ = 0;
    async::retry_context retries_{hasty_retries(), [] { return 0.5; }, log_, repeats_};
    account owner_;
    std::unique_ptr<http::session_pool> pool_;
    std::unique_ptr<blob_client> client_;
    block_ids ids_{"0123456789abcdef0123456789abcdef0123456789abcdef01234567"};
};

INSTANTIATE_TEST_SUITE_P(All, azurite_test, ::testing::Values(way::key, way::sas, way::tls),
                         [](const auto& instance) {
                             return instance.param == way::key   ? "SharedKey"
                                    : instance.param == way::sas ? "Sas"
                                                                 : "Tls";
                         });

TEST_P(azurite_test, knows_a_container_that_is_there) { EXPECT_FALSE(run(client_->ensure_container())); }

TEST_P(azurite_test, publishes_staged_blocks_with_headers_and_metadata) {
    const std::string name = "day/2024 01+01%&ä.csv";
    const std::vector<std::string> ids{ids_.next(), ids_.next()};
    put_block(name, ids[0], "id,body\n");
    put_block(name, ids[1], "1,hello\n");
    EXPECT_FALSE(run(client_->properties(name)).has_value()) << "staged blocks are invisible";
    EXPECT_FALSE(run(client_->committed_blocks(name + "x")).has_value());

    const content_headers content{"text/csv; charset=utf-8", "", "en", "attachment", "no-cache"};
    const metadata values{{"state", "pending"}, {"a1", "x"}, {"a_b", "y"}, {"rows", "1"}};
    const auto first = run(client_->put_block_list(name, ids, content, values, condition::absent()));

    const auto found = run(client_->properties(name));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->etag, first.etag);
    EXPECT_NE(first.request_id, "");
    EXPECT_EQ(found->size, 16U);
    EXPECT_EQ(found->type, blob_type::block);
    EXPECT_EQ(found->content, content);
    EXPECT_EQ(found->metadata, values);
    EXPECT_EQ(found->lease_state, "available");

    const auto blocks = run(client_->committed_blocks(name));
    ASSERT_TRUE(blocks.has_value());
    EXPECT_EQ(blocks->etag, first.etag);
    ASSERT_EQ(blocks->committed.size(), 2U);
    EXPECT_EQ(blocks->committed[0].id, ids[0]);
    EXPECT_EQ(blocks->committed[1].size, 8U);
    EXPECT_EQ(read(name, first.etag, 0), "id,body\n1,hello\n");

    const auto page = run(rig::listed(*client_, "day/", ""));
    ASSERT_EQ(page.blobs.size(), 1U);
    EXPECT_EQ(page.next_marker, "");
    EXPECT_EQ(page.blobs[0].name, name);
    EXPECT_EQ(page.blobs[0].etag, first.etag);
    EXPECT_EQ(page.blobs[0].metadata, values);
    EXPECT_EQ(page.blobs[0].size, 16U);
}

TEST_P(azurite_test, refuses_conditions_that_do_not_hold) {
    const std::vector<std::string> ids{ids_.next()};
    put_block("b", ids[0], "x");
    const auto first = run(client_->put_block_list("b", ids, {}, {}, condition::absent()));

    const auto exists = storage_failure_of(
        [&] { return run(client_->put_block_list("b", ids, {}, {}, condition::absent())); });
    EXPECT_EQ(exists.status(), 409U);
    EXPECT_TRUE(exists.condition_failed());
    EXPECT_FALSE(exists.outcome_unknown());
    EXPECT_NE(exists.request_id(), "");
    EXPECT_NE(exists.client_request_id(), "");
    EXPECT_THAT(exists.message(), HasSubstr("put block list of blob 'b': 409 BlobAlreadyExists: "));
    EXPECT_THAT(exists.message(), HasSubstr("(request id " + exists.request_id() + ")"));

    const auto second = run(client_->set_metadata("b", {{"state", "final"}}, condition::match(first.etag)));
    EXPECT_NE(second.etag, first.etag);
    const auto moved =
        storage_failure_of([&] { return run(client_->set_metadata("b", {}, condition::match(first.etag))); });
    EXPECT_EQ(moved.status(), 412U);
    EXPECT_TRUE(moved.condition_failed());
    EXPECT_EQ(storage_failure_of([&] { return read("b", first.etag, 0); }).status(), 412U);
    EXPECT_EQ(storage_failure_of([&] {
                  run(client_->remove("b", condition::match(first.etag)));
                  return 0;
              }).status(),
              412U);

    const std::vector<std::string> missing{ids_.next()};
    const auto no_block = storage_failure_of(
        [&] { return run(client_->put_block_list("b", missing, {}, {}, condition::match(second.etag))); });
    EXPECT_EQ(no_block.service_code(), "InvalidBlockList");
    EXPECT_TRUE(no_block.condition_failed());
    EXPECT_EQ(run(client_->properties("b"))->metadata, (metadata{{"state", "final"}}));

    run(client_->remove("b", condition::match(second.etag)));
    EXPECT_FALSE(run(client_->properties("b")).has_value());
    EXPECT_EQ(storage_failure_of([&] {
                  run(client_->remove("b", {}));
                  return 0;
              }).status(),
              404U);
}

TEST_P(azurite_test, reads_any_range) {
    std::string text(1'000'000, '\0');
    std::mt19937 random(4);
    for (auto& c : text)
        c = static_cast<char>(random() & 0xff);
    const std::vector<std::string> ids{ids_.next()};
    put_block("big", ids[0], text);
    const auto done = run(client_->put_block_list("big", ids, {}, {}, {}));

    EXPECT_EQ(read("big", done.etag, 0), text);
    EXPECT_EQ(read("big", done.etag, 999'990), text.substr(999'990));
    EXPECT_EQ(read("big", done.etag, 10, 20), text.substr(10, 10));
    EXPECT_EQ(read("big", done.etag, 20, 20), "");
    EXPECT_EQ(read("big", done.etag, 999'999, 2'000'000), text.substr(999'999));
    EXPECT_EQ(read("big", done.etag, 1'000'000), "");

    const auto none = run(client_->put_block_list("none", {}, {}, {}, condition::absent()));
    EXPECT_EQ(read("none", none.etag, 0), "");
}

TEST_P(azurite_test, refuses_a_block_that_was_damaged_on_the_way) {
    const std::string_view text = "damaged";
    const std::span<const std::byte> pieces[] = {
        std::as_bytes(std::span<const char>(text.data(), text.size()))};
    const auto failed = storage_failure_of([&] {
        run(client_->put_block("b", ids_.next(), pieces, 12345));
        return 0;
    });
    EXPECT_EQ(failed.service_code(), "Crc64Mismatch");
    EXPECT_EQ(repeats_, 3U);
}

TEST_P(azurite_test, makes_a_marker_blob_once_and_keeps_it) {
    run(client_->ensure_marker_blob("folder", {{"hdi_isfolder", "true"}}));
    const auto first = run(client_->properties("folder"));
    run(client_->ensure_marker_blob("folder", {{"hdi_isfolder", "true"}}));
    const auto second = run(client_->properties("folder"));

    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->etag, second->etag);
    EXPECT_EQ(first->size, 0U);
    EXPECT_EQ(first->metadata, (metadata{{"hdi_isfolder", "true"}}));
}

TEST_P(azurite_test, sends_many_blocks_at_once_over_few_connections) {
    const std::string text(300'000, 'x');
    const auto bytes = std::as_bytes(std::span<const char>(text.data(), text.size()));
    std::vector<std::span<const std::byte>> pieces;
    for (std::size_t at = 0; at < bytes.size(); at += 16'384)
        pieces.push_back(bytes.subspan(at, std::min<std::size_t>(16'384, bytes.size() - at)));
    const auto crc = crc64(0, bytes);
    std::vector<std::string> ids;
    int left = 40;
    for (int i = 0; i < 40; ++i)
        ids.push_back(ids_.next());
    for (const auto& id : ids)
        boost::asio::co_spawn(loop_, client_->put_block("many", id, pieces, crc),
                              [&](std::exception_ptr failed) {
                                  EXPECT_FALSE(failed) << async::describe(failed);
                                  --left;
                              });
    http::rig::drive(loop_, [&] { return left == 0; });
    const auto done = run(client_->put_block_list("many", ids, {}, {}, {}));

    EXPECT_LE(pool_->counters().connections, 8U);
    std::string whole;
    for (int i = 0; i < 40; ++i)
        whole += text;
    EXPECT_EQ(read("many", done.etag, 0), whole);
}

TEST_P(azurite_test, says_that_a_container_is_missing) {
    blob_client elsewhere(owner_, "no-such-container", {}, *pool_, retries_, log_);
    const auto failed = storage_failure_of([&] { return run(rig::listed(elsewhere, "", "")); });
    EXPECT_EQ(failed.service_code(), "ContainerNotFound");
    EXPECT_NE(failed.hint(), "");
}

TEST_P(azurite_test, never_shows_a_secret) {
    auto stranger = owner_;
    const std::string secret = "c2VjcmV0c2VjcmV0";
    if (GetParam() == way::sas)
        stranger.credential =
            shared_access_signature{"sv=2023-11-03&ss=b&srt=sco&sp=l&se=2050-01-01&sig=" + secret};
    else
        stranger.credential = shared_key{*http::base64_decode(secret)};
    blob_client client(stranger, client_->container(), {}, *pool_, retries_, log_);
    const auto failed = storage_failure_of([&] { return run(rig::listed(client, "", "")); });

    EXPECT_EQ(failed.status(), 403U);
    EXPECT_EQ(failed.kind(), async::failure::refused);
    EXPECT_THAT(failed.message(), ::testing::Not(HasSubstr(secret)));
    for (const auto& line : log_.lines)
        EXPECT_THAT(line, ::testing::Not(HasSubstr(secret)));
}

} // namespace
} // namespace azure
