// A disk that fails: loaded with LD_PRELOAD into the program under test. FAILING_DISK lists what happens to
// which call on a file whose path has FAILING_DISK_PATH in it, counted from 1:
//
//     fdatasync#3=EIO      the third one fails
//     fdatasync#3=lost     so it does, and what was written since the last that succeeded is gone
//     fdatasync=200ms      each one takes that much longer
//     pwrite#5=ENOSPC      the fifth one fails
//     pwrite#5=half        the fifth one writes a half of its bytes, the next one fails with EIO
//     unlink#1=EIO         the first one fails
//     flock#1=ENOLCK       so it does, as on a file system without locks
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

struct counted {
    std::mutex one_at_a_time;
    std::map<std::string, int, std::less<>> calls;
    std::map<std::string, off_t, std::less<>> synced; // sizes
    bool write_fails = false;
};

counted& state() {
    static auto* const kept = new counted; // for as long as anything runs
    return *kept;
}

std::string path_of(int file) {
    std::array<char, 4096> path{};
    const auto link = "/proc/self/fd/" + std::to_string(file);
    const auto bytes = ::readlink(link.c_str(), path.data(), path.size());
    return bytes < 0 ? std::string() : std::string(path.data(), static_cast<std::size_t>(bytes));
}

bool is_chosen(const std::string& path) {
    const char* part = std::getenv("FAILING_DISK_PATH");
    return part != nullptr && path.find(part) != std::string::npos;
}

// What the list says of the call; empty: nothing.
std::string_view happens(std::string_view call, int times) {
    const char* list = std::getenv("FAILING_DISK");
    std::string_view rest = list == nullptr ? "" : list;
    while (!rest.empty()) {
        const auto entry = rest.substr(0, rest.find(','));
        rest.remove_prefix(entry.size() == rest.size() ? rest.size() : entry.size() + 1);
        const auto equals = entry.find('=');
        const auto hash = entry.find('#');
        if (entry.substr(0, std::min(hash, equals)) != call)
            continue;
        int wanted = times;
        if (hash != std::string_view::npos)
            std::from_chars(entry.data() + hash + 1, entry.data() + equals, wanted);
        if (wanted == times)
            return entry.substr(equals + 1);
    }
    return {};
}

int number_of(std::string_view error) {
    return error == "ENOSPC" ? ENOSPC : error == "ENOLCK" ? ENOLCK : error == "EINTR" ? EINTR : EIO;
}

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void wait_for(std::string_view time) {
    long milliseconds = 0;
    std::from_chars(time.data(), time.data() + time.size(), milliseconds);
    const timespec span{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    ::nanosleep(&span, nullptr);
}

} // namespace

extern "C" int fdatasync(int file) {
    static auto* const real = next<int(int)>("fdatasync");
    const auto path = path_of(file);
    if (!is_chosen(path))
        return real(file);
    auto& known = state();
    std::string_view what;
    {
        const std::scoped_lock lock(known.one_at_a_time);
        what = happens("fdatasync", ++known.calls["fdatasync"]);
        if (what == "lost" && ::ftruncate(file, known.synced[path]) != 0)
            std::abort();
    }
    if (what.ends_with("ms"))
        wait_for(what);
    else if (!what.empty()) {
        errno = number_of(what);
        return -1;
    }
    struct stat now {};
    if (::fstat(file, &now) == 0) {
        const std::scoped_lock lock(known.one_at_a_time);
        known.synced[path] = now.st_size;
    }
    return real(file);
}

extern "C" int unlink(const char* path) {
    static auto* const real = next<int(const char*)>("unlink");
    if (is_chosen(path)) {
        auto& known = state();
        const std::scoped_lock lock(known.one_at_a_time);
        if (const auto what = happens("unlink", ++known.calls["unlink"]); !what.empty()) {
            errno = number_of(what);
            return -1;
        }
    }
    return real(path);
}

extern "C" int flock(int file, int operation) noexcept {
    static auto* const real = next<int(int, int)>("flock");
    if (is_chosen(path_of(file))) {
        auto& known = state();
        const std::scoped_lock lock(known.one_at_a_time);
        if (const auto what = happens("flock", ++known.calls["flock"]); !what.empty()) {
            errno = number_of(what);
            return -1;
        }
    }
    return real(file, operation);
}

extern "C" ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
    static auto* const real = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
    if (is_chosen(path_of(file))) {
        auto& known = state();
        const std::scoped_lock lock(known.one_at_a_time);
        const auto what = happens("pwrite", ++known.calls["pwrite"]);
        if (known.write_fails || (!what.empty() && what != "half")) {
            known.write_fails = false;
            errno = number_of(what);
            return -1;
        }
        if (what == "half") {
            known.write_fails = true;
            count /= 2;
        }
    }
    return real(file, bytes, count, offset);
}

// Counted as one write.
extern "C" ssize_t pwritev64(int file, const struct iovec* pieces, int count, off64_t offset) {
    static auto* const real = next<ssize_t(int, const struct iovec*, int, off64_t)>("pwritev64");
    if (!is_chosen(path_of(file)))
        return real(file, pieces, count, offset);
    std::string bytes;
    for (int each = 0; each < count; ++each)
        bytes.append(static_cast<const char*>(pieces[each].iov_base), pieces[each].iov_len);
    return pwrite64(file, bytes.data(), bytes.size(), offset);
}

extern "C" ssize_t pwritev(int file, const struct iovec* pieces, int count, off_t offset) {
    return pwritev64(file, pieces, count, offset);
}

extern "C" ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}
