// --trace FILE: the run as trace events, which Perfetto and chrome://tracing open.
#pragma once

#include "async/timeline.hpp"

#include <cstdio>
#include <map>
#include <memory>
#include <string>

namespace app {

// Trace Event Format, complete events ("ph":"X"), times in microseconds since the start. Writing stops
// silently when the disk is full: the trace never changes the outcome of a run.
class trace_file : public async::timeline {
  public:
    // Throws async::error(usage) if the file cannot be created.
    trace_file(const std::string& path, const std::string& run_id);
    ~trace_file() override;

    void write(const stretch& drawn) override;

  private:
    struct closing {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    [[nodiscard]] std::size_t row_of(std::string_view group, std::size_t lane);
    void print(const std::string& text) noexcept;
    void put(const std::string& event);

    std::unique_ptr<std::FILE, closing> file_;
    clock::time_point started_ = clock::now();
    std::map<std::pair<std::string_view, std::size_t>, std::size_t> rows_;
    bool first_ = true;
};

} // namespace app
