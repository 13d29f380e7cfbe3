// Staging and publishing a day, against a folder in memory.

#include "archive/settle/publisher.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/unit/archive/stage/staging_fixture.hpp"
#include "tests/unit/lake/marks.hpp"

#include <vector>

namespace archive {
namespace {

using async::failure;

class staging_test : public staging_fixture {
  protected:
    staging_test() { planned_ = {{day_.which, 2}}; }

    // A file of ours with this content, as an earlier run left it.
    void archive_before(const std::string& content, std::uint64_t rows) {
        lake::file_mark mark;
        mark.table = "public.Event";
        mark.now = lake::rig::record_before();
        mark.now.bytes = content.size();
        mark.now.crc = test_support::crc_of_text(content);
        mark.now.header = test_support::crc_of_text(header);
        mark.now.uncompressed = 0;
        mark.now.rows = rows;
        mark.now.ids = lake::crc_of_ids(std::vector{base_id});
        lake_.write(name, content, lake::metadata_with(mark, {})).committed = {{base_id, content.size()}};
    }

    // Stages the rows of the day, of which the folder is listed now.
    async::awaitable<void> stage(std::vector<std::string> rows) {
        existing_ = lake::file_map();
        if (lake_.has(name))
            existing_.emplace(day_, lake_.file(name));
        for (int number = 0; number < other_files_; ++number)
            existing_.emplace(lake::file_key{lake::day::from_number(number).value(), day_.compression},
                              lake_.file(name));
        lake_.requests.clear();
        begin_staging(read_by::day);
        return fill(std::move(rows));
    }
    async::awaitable<void> fill(std::vector<std::string> rows) {
        file_ = co_await staging_->file_for(day_.which);
        for (const auto& row : rows)
            if (!staging_->try_append(*file_, row))
                co_await staging_->append_when_possible(*file_, row);
        staging_->finish(*file_);
        staging_->close();
        co_await staging_->upload();
    }
    // What the file holds once it is published.
    std::string published() {
        run(publisher_.publish(*file_, author_));
        return lake_.blobs.at(name).content;
    }

    static std::string row(int id) { return std::to_string(id) + ",2024-02-29 01:00:00\n"; }

    const std::string header = "id,created_at\n";
    // In the form the service gives them: 24 raw bytes.
    const std::string base_id = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE0";
    const lake::file_key day_ = lake::key_of_file("events_2024-02-29.csv").value();
    const publication author_{"public.Event", "0193-run", "4294967299", position_, 0, 0, "created_at", ""};
    const lake::placement placement_;
    int other_files_ = 0; // in the listing, of days that nothing is done with
    publisher publisher_{lake_, retries_, placement_, &again_};
    day_file* file_ = nullptr;
};

TEST_F(staging_test, begins_a_new_file_with_the_header) {
    run(stage({row(1), row(2)}));
    EXPECT_FALSE(lake_.has(name)) << "nobody sees what is staged";
    EXPECT_EQ(file_->rows, 2U);
    EXPECT_EQ(published(), header + row(1) + row(2));
}

TEST_F(staging_test, publishes_nothing_of_a_day_without_rows) {
    run(stage({}));
    EXPECT_FALSE(file_->has_news());
    EXPECT_EQ(times("put_block"), 0);
}

TEST_F(staging_test, appends_to_a_file_of_ours_without_reading_it) {
    archive_before(header + row(1), 1);
    run(stage({row(2)}));
    EXPECT_EQ(times("read"), 0);
    EXPECT_EQ(file_->base_ids, std::vector{base_id});
    EXPECT_EQ(published(), header + row(1) + row(2));
    EXPECT_EQ(lake_.file(name).mark.mark->now.rows, 2U);
    EXPECT_EQ(lake_.file(name).mark.mark->now.crc, test_support::crc_of_text(header + row(1) + row(2)));
}

TEST_F(staging_test, knows_what_a_file_of_others_holds_by_reading_it) {
    lake_.write(name, header + row(1)).committed = {{base_id, (header + row(1)).size()}};
    run(stage({row(2)}));
    EXPECT_EQ(times("read"), 1);
    ASSERT_TRUE(file_->base);
    EXPECT_EQ(file_->base->rows, 1U);
    EXPECT_EQ(published(), header + row(1) + row(2));
}

TEST_F(staging_test, stages_a_file_again_that_was_uploaded_in_one_piece) {
    lake_.write(name, header + row(1)).committed.clear();
    run(stage({row(2)}));
    EXPECT_EQ(times("put_block "), 2) << "what was there, and the new row";
    EXPECT_EQ(published(), header + row(1) + row(2));
}

TEST_F(staging_test, meets_a_conflict_where_a_file_was_changed_or_removed_since_it_was_listed) {
    archive_before(header + row(1), 1);
    auto changed = stage({row(2)});
    lake_.change_etag(lake_.blobs.at(name));
    EXPECT_EQ(failure_of(std::move(changed)).kind(), failure::temporary);

    auto removed = stage({row(2)});
    lake_.blobs.clear();
    EXPECT_EQ(failure_of(std::move(removed)).kind(), failure::temporary);
}

TEST_F(staging_test, meets_a_conflict_where_a_file_is_changed_while_it_is_read) {
    lake_.write(name, header + row(1)).committed = {{base_id, (header + row(1)).size()}};
    auto staged = stage({row(2)});
    before_next("read", [this] { lake_.write(name, header + row(7)); });
    EXPECT_EQ(failure_of(std::move(staged)).kind(), failure::temporary);
}

TEST_F(staging_test, refuses_a_name_that_a_directory_has) {
    lake_.directories.insert(day_);
    EXPECT_EQ(failure_of(stage({row(1)})).kind(), failure::precondition);
}

TEST_F(staging_test, refuses_a_file_of_another_table_and_of_other_columns) {
    archive_before(header + row(1), 1);
    table_.named.relation = "Other";
    EXPECT_EQ(failure_of(stage({row(2)})).kind(), failure::precondition);
    table_.named.relation = "Event";
    table_.columns.push_back("more");
    EXPECT_EQ(failure_of(stage({"2,b,c\n"})).kind(), failure::precondition);
}

TEST_F(staging_test, recognises_rows_that_came_back_and_the_file_holds) {
    archive_before(header + row(1) + row(2), 2);
    came_back_.insert(day_.which);
    run(stage({row(2), row(3)}));
    EXPECT_EQ(file_->rows_recognised, 1U);
    EXPECT_EQ(file_->rows, 1U);
    EXPECT_EQ(published(), header + row(1) + row(2) + row(3));
}

TEST_F(staging_test, compares_late_rows_in_half_of_the_memory_however_many_files_the_folder_has) {
    archive_before(header + row(1), 1);
    for (const int files : {0, 1'000}) {
        SCOPED_TRACE(files);
        other_files_ = files;
        run(stage({}));
        const auto rows_max = pages_.budget_bytes() / 2 / sizeof(std::uint64_t);
        for (std::size_t count = 0; count < rows_max; ++count)
            staging_->note_late(*file_, row(2));
        EXPECT_THROW(staging_->note_late(*file_, row(2)), async::error);
    }
}

TEST_F(staging_test, tells_the_file_of_rows_that_it_has_already) {
    archive_before(header + row(1) + row(2), 2);
    came_back_.insert(day_.which);
    run(stage({row(1), row(2)}));
    EXPECT_EQ(file_->rows, 0U);
    EXPECT_TRUE(file_->has_news());
    EXPECT_EQ(published(), header + row(1) + row(2));
    EXPECT_TRUE(lake::has_empty_tail(lake_.file(name).mark.mark.value()));
    run(publisher_.put_back(*file_));
    EXPECT_FALSE(lake_.file(name).mark.mark->pending);
}

} // namespace
} // namespace archive
