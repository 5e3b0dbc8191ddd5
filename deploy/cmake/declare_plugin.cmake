# Writes a plug-in's declaration: cmake -DLIBRARY=x.so -DIN=p.plugin.json.in -DOUT=p.plugin.json -P declare_plugin.cmake
file(SHA256 "${LIBRARY}" SHA256)
configure_file("${IN}" "${OUT}" @ONLY)
