#include "lake/lease/folder_owner.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace lake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

folder_owner our_owner() { return {"7312345678901234567", "16384", "prod", "public.Event"}; }

folder_contents folder_with(const file_mark* mark) {
    listed_file file;
    file.properties.name = "a/events_2024-02-29.csv";
    if (mark != nullptr)
        file.mark.mark = *mark;
    folder_contents contents;
    contents.days.emplace(key_of_file("events_2024-02-29.csv").value(), file);
    return contents;
}

TEST(folder_owner, is_told_by_cluster_database_and_table_but_not_by_the_name_of_the_database) {
    auto other = our_owner();
    other.database_name = "renamed";
    EXPECT_TRUE(our_owner().is(other));
    for (const auto part : {&folder_owner::cluster, &folder_owner::database, &folder_owner::table}) {
        auto stranger = our_owner();
        stranger.*part += "1";
        EXPECT_FALSE(our_owner().is(stranger));
    }
}

TEST(owner_from, reads_the_lock_blob_and_rejects_an_incomplete_one) {
    const folder_holder nobody;
    const folder_holder holder{"0193-lease", "run 1, host a, since 2026-01-01T02:00:00Z"};
    const auto found = owner_from(lock_metadata(our_owner(), nobody));
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->is(our_owner()));
    EXPECT_EQ(found->database_name, "prod");
    EXPECT_TRUE(holder_from(lock_metadata(our_owner(), nobody)).lease.empty());
    EXPECT_EQ(holder_from(lock_metadata(our_owner(), holder)).lease, holder.lease);
    EXPECT_EQ(holder_from(lock_metadata(our_owner(), holder)).who, holder.who);

    EXPECT_FALSE(owner_from({}));
    for (const auto* name : {"archivercluster", "archiverdatabase", "archivertable"}) {
        auto values = lock_metadata(our_owner(), nobody);
        values.erase(name);
        EXPECT_FALSE(owner_from(values)) << name;
    }
    auto nameless = lock_metadata(our_owner(), nobody);
    nameless.erase("archiverdatabasename");
    EXPECT_TRUE(owner_from(nameless));
}

TEST(lock_metadata, has_names_that_shared_key_can_sort) {
    const folder_holder holder{"id", "who"};
    for (const auto& [name, value] : lock_metadata(our_owner(), holder)) {
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos) << name;
        EXPECT_FALSE(value.empty()) << name;
    }
}

TEST(describe_owner, names_table_and_database) {
    EXPECT_EQ(describe(our_owner()),
              "table public.Event of database 'prod' (oid 16384, cluster 7312345678901234567)");
    auto exports = our_owner();
    exports.table = "exports";
    exports.database_name.clear();
    EXPECT_EQ(describe(exports), "the exports of database (oid 16384, cluster 7312345678901234567)");
}

TEST(stranger_among, tells_by_the_marks_of_an_older_version) {
    auto mark = rig::pending_mark(); // of public.Event, database 16384
    EXPECT_FALSE(stranger_among(folder_with(&mark), our_owner()));
    EXPECT_FALSE(stranger_among(folder_with(nullptr), our_owner()));
    mark.now.position.database = "5";
    ASSERT_TRUE(stranger_among(folder_with(&mark), our_owner()));
    EXPECT_EQ(stranger_among(folder_with(&mark), our_owner())->database, "5");
    mark.now.position.database = "16384";
    mark.table = "public.Other";
    EXPECT_EQ(stranger_among(folder_with(&mark), our_owner())->table, "public.Other");
    mark.now.position.cluster.clear(); // hidden from who wrote it
    EXPECT_FALSE(stranger_among(folder_with(&mark), our_owner()));
}

TEST(refuse_folder, says_whose_it_is_and_what_helps) {
    const auto said = [](const std::optional<folder_owner>& owner) -> std::string {
        try {
            refuse_folder("c/f/", owner, our_owner());
        } catch (const async::error& refused) {
            EXPECT_EQ(refused.kind(), async::failure::precondition);
            EXPECT_THAT(refused.hint(), HasSubstr("recover --adopt"));
            return refused.message();
        }
    };
    auto other = our_owner();
    other.table = "public.Other";
    EXPECT_THAT(said(other),
                AllOf(HasSubstr("'c/f/' belongs to table public.Other"), HasSubstr("public.Event")));
    EXPECT_THAT(said(std::nullopt), HasSubstr("does not say whose folder it is"));
}

} // namespace
} // namespace lake
