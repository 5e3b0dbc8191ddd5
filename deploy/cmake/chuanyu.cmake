# Compiler settings and the three functions every room's CMakeLists.txt is written with.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# address (ASan + UBSan) | thread (TSan) | empty
set(CHUANYU_SANITIZE "" CACHE STRING "sanitizer to build with: address, thread or none")
if(CHUANYU_SANITIZE STREQUAL "address")
  # Checks at every pointer take a third of the compiler's time: what null and object-size find, ASan finds, and the
  # fuzzer's build has all four.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,object-size,vptr,alignment
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(CHUANYU_SANITIZE STREQUAL "thread")
  # Under this macro Protobuf's map fields get a member that the installed library's do not have (map_field.h), and
  # reflection crashes; the standard library has to be told in its own way then.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  add_link_options(-fsanitize=thread)
endif()

option(CHUANYU_FUZZ "build the fuzzer as well; needs clang (tests/fuzz/README.md)" OFF)
if(CHUANYU_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "CHUANYU_FUZZ needs clang: -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    -Wno-unknown-warning-option)  # the options below are g++ names
  add_link_options(-fsanitize=address,undefined)
endif()

if(CHUANYU_SANITIZE)
  # g++ 12 takes what a sanitizer adds for uses of uninitialised values.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
endif()
# -DCMAKE_UNITY_BUILD=ON compiles a room at a time: a whole build in a quarter of the time (quickstart, tests/run). Without it
# a changed file is compiled alone: that is how to develop.
if(CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)  # it is about the joint file, not about ours
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
find_library(LMDB_LIBRARY lmdb REQUIRED)

add_library(chuanyu_warnings INTERFACE)
target_compile_options(chuanyu_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror>
  # g++ 12 sees overlaps in std::string assignments that are none once it inlines enough (GCC PR105651).
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:-Wno-restrict>
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Werror>)

# chuanyu_room(<name> SOURCES a.cpp ... HEADERS a.h ... DEPS base crypto ... LIBS OpenSSL::Crypto ...)
# Makes the static library chuanyu_<name> (alias chuanyu::<name>). Includes are written from the top of the tree:
# "gateway/base/result.h". DEPS are rooms (public); LIBS are third-party libraries (private: no third-party type
# stands in a public header). NO_UNITY keeps its files apart in a unity build; COLD is not optimised in a Debug build. HEADERS are the room's public headers; each must compile alone.
function(chuanyu_room name)
  cmake_parse_arguments(ARG "NO_UNITY;COLD" "" "SOURCES;HEADERS;DEPS;LIBS;PUBLIC_LIBS" ${ARGN})
  add_library(chuanyu_${name} STATIC ${ARG_SOURCES})
  if(ARG_NO_UNITY)  # files whose private helpers share names
    set_target_properties(chuanyu_${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(ARG_COLD)  # runs once or for a person: not worth the compiler's time in a sanitized tree
    target_compile_options(chuanyu_${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
  endif()
  add_library(chuanyu::${name} ALIAS chuanyu_${name})
  target_sources(chuanyu_${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}" FILES ${ARG_HEADERS})
  set_target_properties(chuanyu_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_include_directories(chuanyu_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  list(TRANSFORM ARG_DEPS PREPEND chuanyu::)
  target_link_libraries(chuanyu_${name} PUBLIC ${ARG_DEPS} ${ARG_PUBLIC_LIBS} PRIVATE ${ARG_LIBS} chuanyu_warnings)
endfunction()

# chuanyu_program(<program> SOURCES ... DEPS ... LIBS ...)
function(chuanyu_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)  # what is hot stands in the rooms
  list(TRANSFORM ARG_DEPS PREPEND chuanyu::)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ${ARG_LIBS} chuanyu_warnings)
endfunction()

# chuanyu_test(<name> SOURCES ... DEPS ... LIBS ...): one GoogleTest program, one CTest test per TEST().
function(chuanyu_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND chuanyu::)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ${ARG_LIBS} GTest::gmock GTest::gtest GTest::gtest_main chuanyu_warnings)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)  # one subject per file: helpers of two files may share a name
  # Compiled in less time; what is tested keeps its own flags. UBSan in a test's own code takes as long to compile as
  # all the rest of it.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0> $<$<CONFIG:Release>:-O1>)
  if(CHUANYU_SANITIZE STREQUAL "address")
    target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
  endif()
  target_compile_definitions(${name} PRIVATE CHUANYU_SOURCE_DIR="${CMAKE_SOURCE_DIR}" CHUANYU_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_test(NAME ${name} COMMAND ${name})
endfunction()
