# chuanyu_plugin(<name> SOURCES ... [DECLARATION <file>.plugin.json.in] [SAMPLES <file>]): an adapter plug-in, as a
# partner would build it: a module of its own in <build>/plugins/<name>/, with nothing of the gateway in it and without the build's sanitizers, for the
# worker has none. The declaration is written beside it, with @SHA256@ filled in, and its samples. Built only for what depends on it.
function(chuanyu_plugin name)
  cmake_parse_arguments(ARG "" "DECLARATION;SAMPLES" "SOURCES;INCLUDES" ${ARGN})
  add_library(${name} MODULE EXCLUDE_FROM_ALL ${ARG_SOURCES})
  set(folder "${CMAKE_BINARY_DIR}/plugins/${name}")
  set_target_properties(${name} PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${folder}" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden)
  target_include_directories(${name} PRIVATE ${ARG_INCLUDES} "${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -fno-sanitize=all)
  target_link_options(${name} PRIVATE -fno-sanitize=all)
  target_link_libraries(${name} PRIVATE chuanyu_warnings)
  if(ARG_DECLARATION)
    get_filename_component(declaration "${ARG_DECLARATION}" NAME_WLE)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND "${CMAKE_COMMAND}" "-DLIBRARY=$<TARGET_FILE:${name}>" "-DIN=${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DECLARATION}"
              "-DOUT=${folder}/${declaration}" -P "${CMAKE_SOURCE_DIR}/deploy/cmake/declare_plugin.cmake"
      VERBATIM)
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DECLARATION}")
  endif()
  if(ARG_SAMPLES)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND "${CMAKE_COMMAND}" -E copy "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SAMPLES}" "${folder}" VERBATIM)
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SAMPLES}")
  endif()
endfunction()
