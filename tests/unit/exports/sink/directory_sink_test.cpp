#include "exports/sink/directory_sink.hpp"
#include "lake/conflict.hpp"
#include "tests/support/loop_fixture.hpp"

#include <cstdlib>
#include <fstream>

namespace exports {
namespace {

namespace fs = std::filesystem;

class directory_sink_test : public test_support::loop_test {
  protected:
    directory_sink_test() {
        std::string pattern =
            (fs::temp_directory_path() / ("directory-sink-" + std::string(6, 'X'))).string();
        directory_ = ::mkdtemp(pattern.data());
        sink_.emplace(directory_, writing_, reading_);
        write(name, std::string(size, 'a'));
    }
    ~directory_sink_test() override { fs::remove_all(directory_); }

    // Into the file of that name, or into a new one.
    void write(const std::string& file, const std::string& text) const {
        std::ofstream(directory_ / file, std::ios::binary) << text;
    }
    void replace(const std::string& text) const {
        write("other", text);
        fs::rename(directory_ / "other", directory_ / name);
    }

    [[nodiscard]] stored_file found() {
        std::optional<stored_file> file;
        const auto story = [this, &file]() -> awaitable<void> { file = co_await sink_->find(name); };
        run(story());
        EXPECT_TRUE(file);
        return file.value_or(stored_file{});
    }

    // Calls `meanwhile` once the first bytes have come.
    void read(const stored_file& file, const std::function<void()>& meanwhile = {}) {
        got_.clear();
        const auto take = [this, &meanwhile](std::span<const std::byte> bytes) -> awaitable<void> {
            if (got_.empty() && meanwhile)
                meanwhile();
            for (const auto each : bytes)
                got_.push_back(static_cast<char>(each));
            co_return;
        };
        run(sink_->read(file, 0, file.bytes, take));
    }

    static constexpr auto name = "agency-2025_01_01-12_00_00_AM.csv.gz";
    static constexpr std::size_t size = std::size_t{1} << 20; // some pieces

    fs::path directory_;
    async::helper_thread writing_;
    async::helper_thread reading_;
    std::optional<directory_sink> sink_;
    std::string got_;
};

TEST_F(directory_sink_test, reads_the_version_that_was_found) {
    read(found());
    EXPECT_EQ(got_, std::string(size, 'a'));
}

TEST_F(directory_sink_test, gives_no_byte_of_a_file_that_took_the_name_since) {
    const auto file = found();
    replace(std::string(size, 'b'));
    EXPECT_THROW(read(file), lake::conflict);
    EXPECT_EQ(got_, "");
    EXPECT_NE(found().version, file.version);
}

TEST_F(directory_sink_test, ends_a_read_of_a_file_that_is_written_to) {
    const auto file = found();
    EXPECT_THROW(read(file, [this] { write(name, std::string(size + 1, 'b')); }), lake::conflict);
    EXPECT_EQ(got_.find('b'), std::string::npos);
}

TEST_F(directory_sink_test, reads_on_in_a_file_that_has_lost_its_name) {
    const auto file = found();
    read(file, [this] { replace(std::string(size, 'b')); });
    EXPECT_EQ(got_, std::string(size, 'a'));
}

} // namespace
} // namespace exports
