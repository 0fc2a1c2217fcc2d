using System.Collections.Immutable;

namespace ArrowCid.Registry;

/// <summary>Reads a filter by descent (<c>FILTER.md</c>, Grammar): one method a rule.</summary>
internal sealed class FilterParser
{
    private static readonly string[] s_keywords = ["and", "or", "not", "in", "has"];

    private readonly string _text;
    private readonly FilterLexer _lexer;
    private FilterToken _token;
    private int _depth;

    private FilterParser(string text)
    {
        _text = text;
        _lexer = new FilterLexer(text);
        _token = _lexer.Next();
    }

    /// <summary>Reads a whole text.</summary>
    /// <exception cref="InvalidFilterException">It is no filter.</exception>
    public static FilterNode Parse(string text)
    {
        if (text.Length > Filter.MaxLength)
        {
            throw new InvalidFilterException(text, Filter.MaxLength, text.Length - Filter.MaxLength, "more",
                $"at most {Filter.MaxLength} characters");
        }

        var parser = new FilterParser(text);
        FilterNode node = parser.Or();
        if (parser._token.Kind != FilterTokenKind.End) throw parser.Unexpected("'and', 'or' or the end");
        return node;
    }

    private FilterNode Or()
    {
        var nodes = new List<FilterNode>(1) { And() };
        while (TryTake("or")) nodes.Add(And());
        return FilterJoin.Of(isAll: false, nodes);
    }

    private FilterNode And()
    {
        var nodes = new List<FilterNode>(1) { Not() };
        while (TryTake("and")) nodes.Add(Not());
        return FilterJoin.Of(isAll: true, nodes);
    }

    private FilterNode Not()
    {
        if (!Is("not")) return Primary();
        Enter();
        Take();
        FilterNode node = FilterDenial.Of(Not());
        _depth--;
        return node;
    }

    private FilterNode Primary()
    {
        if (_token.Kind == FilterTokenKind.Open)
        {
            Enter();
            Take();
            FilterNode inner = Or();
            if (_token.Kind != FilterTokenKind.Close) throw Unexpected("'and', 'or' or ')'");
            Take();
            _depth--;
            return inner;
        }

        if (TryTake("has")) return new FilterPresence(Field());
        return Test(Field());
    }

    private FilterNode Test(FilterField field)
    {
        if (field.Type == FilterType.Flag) return Flag();
        if (TryTake("in")) return new FilterMembership(field, Values(field));
        if (TryTake("not"))
        {
            if (!TryTake("in")) throw Unexpected("'in'");
            return FilterDenial.Of(new FilterMembership(field, Values(field)));
        }

        FilterToken sign = _token;
        string[] fitting = FilterLiteral.OperatorsOf(field.Type);
        bool isDenied = sign is { Kind: FilterTokenKind.Operator, Value: "!~" } && fitting.Contains("~");
        if (!isDenied && (sign.Kind != FilterTokenKind.Operator || !fitting.Contains(sign.Value)))
            throw Unexpected($"one of {string.Join(' ', fitting)} in, behind '{FilterField.Names[(int)field.Kind]}'");
        Take();
        var op = (FilterOperator)Array.IndexOf(FilterComparison.Operators, isDenied ? "~" : sign.Value);
        FilterNode test = new FilterComparison(field, op, Value(field, op));
        return isDenied ? FilterDenial.Of(test) : test;
    }

    /// <summary><c>pinned</c> stands alone, or is compared with true or false.</summary>
    private FilterNode Flag()
    {
        var pinned = new FilterPinned();
        if (_token.Kind != FilterTokenKind.Operator) return pinned;
        if (_token.Value is not ("=" or "!=")) throw Unexpected("'=' or '!=' behind 'pinned', or nothing");
        bool isSame = _token.Value == "=";
        Take();
        bool isTrue = Is("true");
        if (!isTrue && !Is("false")) throw Unexpected("true or false");
        Take();
        return isTrue == isSame ? pinned : FilterDenial.Of(pinned);
    }

    private ImmutableArray<FilterValue> Values(FilterField field)
    {
        if (_token.Kind != FilterTokenKind.Open) throw Unexpected("'(' and values behind 'in'");
        var values = ImmutableArray.CreateBuilder<FilterValue>();
        do
        {
            Take();
            values.Add(Value(field, FilterOperator.Equal));
        }
        while (_token.Kind == FilterTokenKind.Comma);

        if (_token.Kind != FilterTokenKind.Close) throw Unexpected("',' or ')'");
        Take();
        return values.ToImmutable();
    }

    private FilterValue Value(FilterField field, FilterOperator op)
    {
        FilterToken token = _token;
        bool isValue = token.Kind == FilterTokenKind.Text || (token.Kind == FilterTokenKind.Word && !IsKeyword());
        string? wanted = null;
        FilterValue? value = isValue ? FilterLiteral.Read(token, field.Type, op, out wanted) : null;
        if (value is null) throw Unexpected(wanted ?? FilterLiteral.Describe(field.Type, op));
        Take();
        return value;
    }

    private FilterField Field()
    {
        const string Wanted = "a field, 'not', 'has' or '('";
        if (_token.Kind != FilterTokenKind.Word || IsKeyword()) throw Unexpected(Wanted);
        FilterToken word = _token;
        int dot = word.Value.IndexOf('.', StringComparison.Ordinal);
        string name = dot < 0 ? word.Value : word.Value[..dot];
        int kind = Array.FindIndex(FilterField.Names, each => each.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (kind < 0) throw Unexpected($"a field: {string.Join(' ', FilterField.Names[..^2])} tag.KEY json.PATH");
        var field = new FilterField((FilterFieldKind)kind);
        if (!field.HasParts)
        {
            if (dot >= 0) throw Unexpected($"'{FilterField.Names[kind]}' alone; only tag and json have parts");
            Take();
            return field;
        }

        if (dot < 0) throw Unexpected($"'{FilterField.Names[kind]}.' and a {PartName(field)}");
        string[] parts = Parts(word, dot + 1, field);
        // A tag's key is one text, dots and all.
        return field with { Parts = field.Kind == FilterFieldKind.Tag ? [string.Join('.', parts)] : parts };
    }

    /// <summary>Reads the text after the first dot: parts between dots, bare or in quotes, no spaces.</summary>
    private string[] Parts(FilterToken word, int from, FilterField field)
    {
        var parts = new List<string>();
        while (true)
        {
            string bare = word.Value[from..];
            bool goesOn = bare.Length == 0 || bare[^1] == '.';
            if (bare.Length > 0)
            {
                string[] each = (goesOn ? bare[..^1] : bare).Split('.');
                if (!each.All(part => FilterField.IsBare(part)))
                    throw Unexpected($"a {PartName(field)}; one with other characters is put in quotes");
                parts.AddRange(each);
            }

            Take();
            if (!goesOn) return [.. parts];
            if (_token.Kind != FilterTokenKind.Text || _token.Start != word.End)
                throw Unexpected($"a {PartName(field)} or one in quotes, right behind the dot", word.End);
            parts.Add(_token.Value);
            int end = _token.End;
            Take();
            bool isNext = _token.Kind == FilterTokenKind.Word && _token.Start == end && _token.Value[0] == '.';
            if (!isNext) return [.. parts];
            (word, from) = (_token, 1);
        }
    }

    private static string PartName(FilterField field) => field.Kind == FilterFieldKind.Tag ? "tag's key" : "path";

    private void Enter()
    {
        if (++_depth > Filter.MaxDepth)
            throw Unexpected($"at most {Filter.MaxDepth} 'not' and '(' inside each other");
    }

    private bool Is(string word) =>
        _token.Kind == FilterTokenKind.Word && _token.Value.Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool IsKeyword() => s_keywords.Contains(_token.Value, StringComparer.OrdinalIgnoreCase);

    private bool TryTake(string word)
    {
        if (!Is(word)) return false;
        Take();
        return true;
    }

    private void Take() => _token = _lexer.Next();

    private InvalidFilterException Unexpected(string expected) =>
        new(_text, _token.Start, _token.Length, _token.Describe(), expected);

    /// <summary>As <see cref="Unexpected(string)"/>, of what stands right at a place.</summary>
    private InvalidFilterException Unexpected(string expected, int position) => _token.Start == position
        ? Unexpected(expected)
        : new InvalidFilterException(_text, position, Math.Min(1, _text.Length - position), "a space", expected);
}
