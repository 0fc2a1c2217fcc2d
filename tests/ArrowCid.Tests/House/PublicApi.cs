using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace ArrowCid.Tests.House;

/// <summary>
/// The public face of an assembly as sorted lines: a type a line, and each of its members under its full name.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance
        | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(sbyte)] = "sbyte",
        [typeof(byte)] = "byte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    /// <summary>The lines of an assembly.</summary>
    public static IReadOnlyList<string> Of(Assembly assembly) =>
    [
        .. assembly.GetExportedTypes()
            .OrderBy(t => Name(t), StringComparer.Ordinal)
            .SelectMany(t => Members(t).Order(StringComparer.Ordinal).Prepend(Header(t))),
    ];

    private static string Header(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => (Has<IsReadOnlyAttribute>(type) ? "readonly " : "")
                + (type.IsByRefLike ? "ref " : "") + "struct",
            _ when type.IsSubclassOf(typeof(Delegate)) => "delegate",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        IEnumerable<string> bases = type.IsEnum
            ? [Name(Enum.GetUnderlyingType(type))]
            : type.GetInterfaces().Where(i => i.IsVisible).Select(i => Name(i)).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType && !type.IsEnum)
        {
            bases = bases.Prepend(Name(parent));
        }
        string list = string.Join(", ", bases);
        return $"{kind} {Name(type)}{(list.Length == 0 ? "" : " : " + list)}{Constraints(OwnArguments(type))}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        string owner = Name(type);
        if (type.IsEnum)
        {
            return type.GetFields().Where(f => f.IsLiteral)
                .Select(f => $"{owner}.{f.Name} = {Literal(f.GetRawConstantValue())}");
        }
        if (type.IsSubclassOf(typeof(Delegate)))
        {
            return [Method(type.GetMethod("Invoke")!, owner)];
        }
        return
        [
            .. type.GetFields(Declared).Where(f => IsSeen(f.Attributes)).Select(f => Field(f, owner)),
            .. type.GetConstructors(Declared).Where(c => IsSeen(c))
                .Select(c => Access(c) + Call(c, owner, "new")),
            .. type.GetMethods(Declared).Where(IsOwnMethod).Select(m => Method(m, owner)),
            .. type.GetProperties(Declared).Where(p => p.GetAccessors(true).Any(IsSeen))
                .Select(p => Property(p, owner)),
            .. type.GetEvents(Declared).Where(e => IsSeen(e.AddMethod!))
                .Select(e => $"{Access(e.AddMethod!)}{owner}.{e.Name} event {Name(e.EventHandlerType!)}"),
        ];
    }

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsSeen(FieldAttributes field) => (field & FieldAttributes.FieldAccessMask)
        is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    private static bool IsOwnMethod(MethodInfo method) =>
        IsSeen(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
        && !method.Name.Contains('<', StringComparison.Ordinal);

    private static string Access(MethodBase method) =>
        (method.IsPublic ? "" : "protected ")
        + (method.IsStatic ? "static " : "")
        + (method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract " : "")
        + (method is MethodInfo { IsVirtual: true, IsFinal: false, IsAbstract: false } m
            ? m.GetBaseDefinition() == m ? "virtual " : "override "
            : "");

    private static string Field(FieldInfo field, string owner)
    {
        string kind = field switch
        {
            { IsLiteral: true } => "const ",
            { IsStatic: true, IsInitOnly: true } => "static readonly ",
            { IsStatic: true } => "static ",
            { IsInitOnly: true } => "readonly ",
            _ => "",
        };
        string value = field.IsLiteral ? " = " + Literal(field.GetRawConstantValue()) : "";
        return $"{(field.IsPublic ? "" : "protected ")}{kind}{owner}.{field.Name}{value} -> {Name(field.FieldType)}";
    }

    private static string Property(PropertyInfo property, string owner)
    {
        MethodInfo accessor = property.GetAccessors(true).First(IsSeen);
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length == 0 ? property.Name : $"this[{Parameters(index)}]";
        string get = property.GetMethod is { } g && IsSeen(g) ? "get; " : "";
        string set = property.SetMethod is { } s && IsSeen(s)
            ? (s.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; ")
            : "";
        string required = Has<RequiredMemberAttribute>(property) ? "required " : "";
        string type = Returned(property.PropertyType, property);
        return $"{Access(accessor)}{required}{owner}.{name} {{ {get}{set}}} -> {type}";
    }

    private static string Method(MethodInfo method, string owner) =>
        $"{Access(method)}{Call(method, owner, method.Name)} -> {Returned(method.ReturnType, method.ReturnParameter)}"
        + Constraints(method.GetGenericArguments());

    private static string Call(MethodBase method, string owner, string name)
    {
        string generic = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>"
            : "";
        string extension = method.IsDefined(typeof(ExtensionAttribute), false) ? "this " : "";
        return $"{owner}.{name}{generic}({extension}{Parameters(method.GetParameters())})";
    }

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string by = parameter switch
        {
            { ParameterType.IsByRef: true, IsOut: true } => "out ",
            { ParameterType.IsByRef: true, IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute), false)
                || parameter.IsDefined(typeof(ParamCollectionAttribute), false) => "params ",

            _ => "",
        };
        string value = parameter.HasDefaultValue ? " = " + Literal(parameter.RawDefaultValue) : "";
        return $"{by}{Name(parameter.ParameterType)} {parameter.Name}{value}";
    }

    private static string Returned(Type type, ICustomAttributeProvider from) =>
        !type.IsByRef ? Name(type)
        : (from.IsDefined(typeof(IsReadOnlyAttribute), false) ? "ref readonly " : "ref ") + Name(type);

    private static string Constraints(Type[] arguments)
    {
        IEnumerable<string> clauses = arguments.Where(a => a.IsGenericParameter)
            .Select(a => (a.Name, Rules: string.Join(", ", Rules(a))))
            .Where(c => c.Rules.Length > 0)
            .Select(c => $" where {c.Name} : {c.Rules}");
        return string.Concat(clauses);
    }

    private static IEnumerable<string> Rules(Type argument)
    {
        GenericParameterAttributes flags = argument.GenericParameterAttributes;
        bool isUnmanaged = argument.GetGenericParameterConstraints().Contains(typeof(ValueType))
            && argument.CustomAttributes.Any(a => a.AttributeType.Name == "IsUnmanagedAttribute");
        bool isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        IEnumerable<string> named = argument.GetGenericParameterConstraints()
            .Where(t => t != typeof(ValueType)).Select(t => Name(t)).Order(StringComparer.Ordinal);
        return
        [
            .. isUnmanaged ? ["unmanaged"] : isStruct ? ["struct"] : Array.Empty<string>(),
            .. flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : Array.Empty<string>(),
            .. named,
            .. flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct
                ? ["new()"]
                : Array.Empty<string>(),
            .. flags.HasFlag(GenericParameterAttributes.AllowByRefLike) ? ["allows ref struct"] : Array.Empty<string>(),
        ];
    }

    private static string Name(Type type)
    {
        if (type.IsByRef || type.IsPointer)
        {
            return Name(type.GetElementType()!) + (type.IsPointer ? "*" : "");
        }
        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }
        if (type.IsGenericParameter || s_keywords.ContainsKey(type))
        {
            return s_keywords.GetValueOrDefault(type, type.Name);
        }
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }
        return NamedType(type);
    }

    // A nested type's arguments are its own after those of the types around it.
    private static string NamedType(Type type)
    {
        string text = type.Namespace ?? "";
        Type[] arguments = type.GetGenericArguments();
        int used = 0;
        foreach (Type part in Enclosing(type))
        {
            int count = part.GetGenericArguments().Length - used;
            string plain = part.Name.Split('`')[0];
            string list = string.Join(", ", arguments.Skip(used).Take(count).Select(a => Name(a)));
            text += $"{(text.Length == 0 ? "" : ".")}{plain}{(count == 0 ? "" : $"<{list}>")}";
            used += count;
        }
        return text;
    }

    private static Type[] OwnArguments(Type type) =>
        [.. type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0)];

    private static IEnumerable<Type> Enclosing(Type type) =>
        type.DeclaringType is { } outer && !type.IsGenericParameter ? [.. Enclosing(outer), type] : [type];

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string s => $"\"{s}\"",
        bool b => b ? "true" : "false",
        char c => $"'{c}'",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static bool Has<T>(MemberInfo member) where T : Attribute => member.IsDefined(typeof(T), false);
}
