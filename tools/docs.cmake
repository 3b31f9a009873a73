# The target `docs`: pages about dialects, passes and operators, made from their records, in docs/ of the build folder.
set(docs ${CMAKE_BINARY_DIR}/docs)
set(pages "")
set(mlir_tblgen ${LLVM_TOOLS_BINARY_DIR}/mlir-tblgen)
# docs_page(NAME RECORDS COMMAND...): one page, printed by a command over a .td file.
function(docs_page name records)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/dialects/*.td ${CMAKE_SOURCE_DIR}/passes/*.td)
  add_custom_command(OUTPUT ${docs}/${name}.md
    COMMAND ${CMAKE_COMMAND} -E make_directory ${docs}
    COMMAND ${ARGN} ${CMAKE_SOURCE_DIR}/${records} -I ${CMAKE_SOURCE_DIR} -I ${LLVM_TOOLS_BINARY_DIR}/../include
            -o ${docs}/${name}.md
    DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/${records} VERBATIM)
  set(pages ${pages} ${docs}/${name}.md PARENT_SCOPE)
endfunction()
docs_page(nn dialects/nn/NNOps.td ${mlir_tblgen} -gen-dialect-doc -dialect=nn)
docs_page(kernel dialects/kernel/KernelOps.td ${mlir_tblgen} -gen-dialect-doc -dialect=kernel)
foreach(stage graph lower schedule memory kernels llvm)
  docs_page(passes-${stage} passes/${stage}/Passes.td ${mlir_tblgen} -gen-pass-doc)
endforeach()
docs_page(operators compiler/import/Onnx.td python3 ${CMAKE_SOURCE_DIR}/tools/operators.py ${LLVM_TABLEGEN_EXE})
add_custom_target(docs DEPENDS ${pages})
