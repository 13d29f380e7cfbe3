// What is done with a file before rows are appended to it: a table.

#include "lake/folder/treatment.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

namespace lake {
namespace {

using async::failure;

const place this_lake{"acme", "events"};
constexpr std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2025) / 10 / 6);

azure::blob_properties plain_blob() {
    azure::blob_properties blob;
    blob.name = "a/events_2024-02-29.csv";
    blob.size = 1'000;
    blob.lease_state = "available";
    blob.access_tier = "Hot";
    return blob;
}

struct row {
    const char* context;
    std::function<void(azure::blob_properties&)> change;
    treatment expected;
    failure kind = failure::precondition;
    const char* why = "";
    const char* hint = "";
};

const row treatments[] = {
    {"a block blob", [](auto&) {}, treatment::append},
    {"Cool and Cold can be written to", [](auto& blob) { blob.access_tier = "Cold"; }, treatment::append},
    {"an append blob", [](auto& blob) { blob.type = azure::blob_type::append; }, treatment::convert},
    {"a page blob", [](auto& blob) { blob.type = azure::blob_type::page; }, treatment::refuse,
     failure::precondition, "page blob", "Copy it"},
    {"archived", [](auto& blob) { blob.access_tier = "Archive"; }, treatment::refuse, failure::precondition,
     "Archive tier",
     "az storage blob set-tier --tier Hot --account-name acme --container-name events --name "
     "'a/events_2024-02-29.csv'"},
    {"on its way back",
     [](auto& blob) {
         blob.access_tier = "Archive";
         blob.archive_status = "rehydrate-pending-to-hot";
     },
     treatment::refuse, failure::temporary, "being brought back from the Archive tier", "15 hours"},
    {"leased for good",
     [](auto& blob) {
         blob.lease_state = "leased";
         blob.lease_duration = "infinite";
     },
     treatment::refuse, failure::precondition, "does not expire", "az storage blob lease break"},
    {"leased for a while",
     [](auto& blob) {
         blob.lease_state = "leased";
         blob.lease_duration = "fixed";
     },
     treatment::refuse, failure::temporary, "holds a lease on it that expires",
     "--blob-name 'a/events_2024-02-29.csv'"},
    {"a lease that is being broken", [](auto& blob) { blob.lease_state = "breaking"; }, treatment::refuse,
     failure::temporary, "about to expire", "Try again"},
    {"a lease that was broken", [](auto& blob) { blob.lease_state = "broken"; }, treatment::append},
    {"a lease that has expired", [](auto& blob) { blob.lease_state = "expired"; }, treatment::append},
    {"under a legal hold", [](auto& blob) { blob.legal_hold = true; }, treatment::refuse,
     failure::precondition, "legal hold", "set-legal-hold --legal-hold false"},
    {"immutable", [](auto& blob) { blob.immutable_until = "Tue, 07 Oct 2025 00:00:00 GMT"; },
     treatment::refuse, failure::precondition, "until Tue, 07 Oct 2025", "immutability-policy delete"},
    {"immutable no more", [](auto& blob) { blob.immutable_until = "Sun, 05 Oct 2025 00:00:00 GMT"; },
     treatment::append},
    {"immutable until nobody knows when", [](auto& blob) { blob.immutable_until = "for ever"; },
     treatment::refuse, failure::precondition, "until for ever", "ARCHIVE_PATH"},
    {"a leased append blob is not converted",
     [](auto& blob) {
         blob.type = azure::blob_type::append;
         blob.lease_state = "leased";
     },
     treatment::refuse, failure::precondition, "lease", "lease break"},
};

TEST(choose_treatment, follows_its_table_for_what_the_service_says_of_a_blob) {
    for (const auto& row : treatments) {
        SCOPED_TRACE(row.context);
        auto blob = plain_blob();
        row.change(blob);
        const auto chosen = choose_treatment(blob, {}, this_lake, now);
        EXPECT_EQ(chosen.treatment, row.expected);
        ASSERT_EQ(chosen.because.has_value(), row.expected == treatment::refuse);
        if (!chosen.because)
            continue;
        EXPECT_EQ(chosen.because->kind, row.kind);
        EXPECT_NE(chosen.because->why.find(row.why), std::string::npos) << chosen.because->why;
        EXPECT_NE(chosen.because->hint.find(row.hint), std::string::npos) << chosen.because->hint;
    }
}

TEST(choose_treatment, refuses_a_mark_that_cannot_be_read_before_all_else) {
    const auto chosen = choose_treatment(plain_blob(), {{}, "its metadata cannot be read"}, this_lake, now);
    EXPECT_EQ(chosen.treatment, treatment::refuse);
    EXPECT_EQ(refused("a.csv", "appended to", *chosen.because).message(),
              "'a.csv' cannot be appended to: its metadata cannot be read");
}

TEST(obstacle_of, a_container_is_a_policy_or_a_hold) {
    EXPECT_FALSE(obstacle_of(azure::container_properties{}, this_lake));
    EXPECT_FALSE(obstacle_of(azure::container_properties{false, false, true}, this_lake));
    const auto policy = obstacle_of(azure::container_properties{true, false, false}, this_lake);
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->why,
              "container 'events' has an immutability policy: a file that a failed run has published"
              " could not be taken back");
    const auto hold = obstacle_of(azure::container_properties{true, true, false}, this_lake);
    EXPECT_NE(hold->why.find("legal hold"), std::string::npos);
    EXPECT_NE(hold->hint.find("az storage container legal-hold show"), std::string::npos);
}

// `count` blocks of `size` bytes under one id.
block_facts with_blocks(std::uint64_t count, std::uint64_t size, std::uint64_t blob_size,
                        const char* id = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz") {
    block_facts facts;
    facts.size = blob_size;
    facts.committed.assign(count, azure::block{id, size});
    facts.memory = {std::uint64_t{32} << 20, 4};
    return facts;
}

TEST(choose_treatment, follows_its_table_for_the_blocks_of_a_blob) {
    const struct {
        const char* context;
        block_facts facts;
        treatment expected;
        const char* why = "";
    } cases[] = {
        {"empty", with_blocks(0, 0, 0), treatment::append},
        {"one Put Blob has no blocks", with_blocks(0, 0, 1'000), treatment::restage},
        {"blocks of ours", with_blocks(3, 100, 300), treatment::append},
        {"ids too short", with_blocks(1, 100, 100, "YWJj"), treatment::refuse, "3 bytes long"},
        {"many tiny blocks, near the limit", with_blocks(49'990, 100, 4'999'000), treatment::restage},
        {"full of tiny blocks", with_blocks(50'000, 1, 50'000), treatment::restage},
        {"full of large blocks", with_blocks(50'000, 15 << 20, std::uint64_t{50'000} * (15 << 20)),
         treatment::refuse, "Raise"},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.context);
        const auto chosen = choose_treatment(each.facts);
        EXPECT_EQ(chosen.treatment, each.expected);
        if (chosen.because) {
            EXPECT_NE((chosen.because->why + chosen.because->hint).find(each.why), std::string::npos);
        }
    }
}

TEST(refusal_for, says_what_the_service_means_where_the_blob_shows_nothing) {
    EXPECT_EQ(refusal_for("LeaseIdMissing", plain_blob())->kind, failure::temporary);
    EXPECT_NE(refusal_for("InvalidBlobType", plain_blob())->why.find("Data Lake"), std::string::npos);
    auto appended = plain_blob();
    appended.type = azure::blob_type::append;
    EXPECT_FALSE(refusal_for("InvalidBlobType", appended));
    EXPECT_NE(refusal_for("SnapshotsPresent", plain_blob())->why.find("snapshots"), std::string::npos);
    EXPECT_FALSE(refusal_for("BlobAlreadyExists", plain_blob()));
}

TEST(too_large, names_the_day_its_size_and_the_setting) {
    const auto which = day::from_text("2024-02-29").value();
    constexpr std::uint64_t rows = 1'000'000;
    const std::uint64_t gibibyte = std::uint64_t{1} << 30;
    EXPECT_FALSE(too_large(which, rows, 1'000, gibibyte));
    const auto found = too_large(which, rows, 20'000, gibibyte);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, failure::precondition);
    EXPECT_EQ(found->why,
              "the 1000000 rows of 2024-02-29 are about 19 GiB of CSV, and 50000 blocks hold 1 GiB");
    EXPECT_NE(found->hint.find("ARCHIVE_MEMORY"), std::string::npos);
}

} // namespace
} // namespace lake
