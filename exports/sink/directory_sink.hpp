// Exported files in a directory of the machine. A file gets its name only once its transaction is committed:
// what others see there is final. Until then it is hidden:
//
//     .NAME.NONCE.part       the file itself, locked by its writer until it has its name
//     .NAME.NONCE.pending    its mark, from before COMMIT until it has its name
// Tested by tests/unit/exports/sink/directory_sink_test.cpp and
// tests/integration/test_export_file_systems.py.
#pragma once

#include "async/helper_thread.hpp"
#include "exports/sink/sink.hpp"

#include <filesystem>

namespace exports {

class directory_sink : public sink {
  public:
    // All work on files is done on these two; both must outlive the sink and its drafts. A reader does not
    // wait for a large file to be synced.
    directory_sink(std::filesystem::path directory, async::helper_thread& writing,
                   async::helper_thread& reading);

    [[nodiscard]] awaitable<std::unique_ptr<draft>> begin(file_name first, std::string nonce) override;
    [[nodiscard]] awaitable<std::vector<stored_file>> files(std::string task) override;
    [[nodiscard]] awaitable<std::optional<stored_file>> find(std::string name) override;
    [[nodiscard]] awaitable<void> read(stored_file file, std::uint64_t begin, std::uint64_t end,
                                       byte_sink to) override;
    [[nodiscard]] awaitable<std::vector<unsettled_file>> unsettled() override;
    [[nodiscard]] awaitable<std::optional<stored_file>> file_of(unsettled_file file) override;
    [[nodiscard]] awaitable<bool> in_use(unsettled_file file) override;
    [[nodiscard]] awaitable<bool> keep(unsettled_file file) override;
    [[nodiscard]] awaitable<void> forget(unsettled_file file) override;
    [[nodiscard]] awaitable<void> remove(unsettled_file file) override;
    [[nodiscard]] awaitable<std::string> obstacle() override;
    [[nodiscard]] const std::string& place() const noexcept override { return place_; }

  private:
    std::filesystem::path directory_;
    std::string place_;
    async::helper_thread& writing_;
    async::helper_thread& reading_;
};

} // namespace exports
