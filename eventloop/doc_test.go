package eventloop

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inBrackets is a text in round brackets. That of an asyncio name may hold a call, whose own
// brackets are inside: (asyncio.Queue(maxsize)).
var inBrackets = regexp.MustCompile(`\(\w[^()]*(\([^()]*\)[^()]*)*\)`)

// Who comes from asyncio looks for its names: each public name says in the first line of its
// doc comment what it is there, or that there is nothing like it.
func TestDocNamesAsyncio(t *testing.T) {
	docs := publicDocs(t)
	require.Greater(t, len(docs), 100, "the public names of the package")
	for name, text := range docs {
		first, _, _ := strings.Cut(text, "\n")
		if !inBrackets.MatchString(first) {
			t.Errorf("%s: no asyncio name in brackets in the first line: %q", name, first)
		}
	}
}

// publicDocs gives the doc comment of each public function, type, method, variable and
// constant. A constant of a public type is left to the comment of the type.
func publicDocs(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(fset, files, "example.com/overlap/eventloop")
	require.NoError(t, err)

	docs := map[string]string{}
	funcs := func(prefix string, fs []*doc.Func) {
		for _, f := range fs {
			docs[prefix+f.Name] = f.Doc
		}
	}
	// values takes a group apart; one that stands alone has its comment on the group.
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			for _, spec := range v.Decl.Specs {
				spec := spec.(*ast.ValueSpec)
				text := spec.Doc.Text()
				if text == "" && len(v.Decl.Specs) == 1 {
					text = v.Doc
				}
				for _, name := range spec.Names {
					if name.IsExported() {
						docs[name.Name] = text
					}
				}
			}
		}
	}
	funcs("", p.Funcs)
	values(p.Vars)
	values(p.Consts)
	for _, typ := range p.Types {
		docs[typ.Name] = typ.Doc
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
		values(typ.Vars)
		methodsOfInterface(typ, docs)
	}
	return docs
}

// methodsOfInterface adds the public methods of an interface, which go/doc does not list.
func methodsOfInterface(typ *doc.Type, docs map[string]string) {
	for _, spec := range typ.Decl.Specs {
		in, ok := spec.(*ast.TypeSpec).Type.(*ast.InterfaceType)
		if !ok {
			continue
		}
		for _, m := range in.Methods.List {
			for _, name := range m.Names {
				if name.IsExported() {
					docs[typ.Name+"."+name.Name] = m.Doc.Text()
				}
			}
		}
	}
}
