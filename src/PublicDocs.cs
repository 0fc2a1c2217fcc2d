#:property PublishAot=false
// Keeps the documentation of public members alone: dotnet run PublicDocs.cs -- ASSEMBLY DOCUMENTATION OUTPUT
//
// The compiler documents every member, and a package shows its readers only those that they can use.
using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

using var file = new PEReader(File.OpenRead(args[0]));
var visible = new VisibleMembers(file.GetMetadataReader()).Find();
XDocument documentation = XDocument.Load(args[1], LoadOptions.PreserveWhitespace);
foreach (XElement member in documentation.Descendants("member").ToList())
{
    if (visible.Contains(member.Attribute("name")!.Value)) continue;
    if (member.PreviousNode is XText space) space.Remove();
    member.Remove();
}

documentation.Save(args[2], SaveOptions.DisableFormatting);

/// <summary>The members that other assemblies see, by the ids that the compiler gives them.</summary>
internal sealed class VisibleMembers(MetadataReader reader)
{
    private readonly HashSet<string> _ids = [];

    public HashSet<string> Find()
    {
        var names = new DocumentationNames();
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions.Where(IsVisible))
        {
            TypeDefinition type = reader.GetTypeDefinition(handle);
            string owner = names.GetTypeFromDefinition(reader, handle, 0);
            _ids.Add($"T:{owner}");
            foreach (FieldDefinition field in type.GetFields().Select(reader.GetFieldDefinition))
            {
                if ((field.Attributes & FieldAttributes.FieldAccessMask) is FieldAttributes.Public
                    or FieldAttributes.Family or FieldAttributes.FamORAssem)
                {
                    _ids.Add($"F:{owner}.{NameOf(field.Name)}");
                }
            }

            foreach (MethodDefinition method in type.GetMethods().Select(reader.GetMethodDefinition).Where(IsVisible))
            {
                MethodSignature<string> signature = method.DecodeSignature(names, null);
                string name = NameOf(method.Name);
                string arity = signature.GenericParameterCount > 0 ? $"``{signature.GenericParameterCount}" : "";
                string result = name is "op_Implicit" or "op_Explicit" ? $"~{signature.ReturnType}" : "";
                _ids.Add($"M:{owner}.{name}{arity}{Parameters(signature.ParameterTypes)}{result}");
            }

            foreach (PropertyDefinition property in type.GetProperties().Select(reader.GetPropertyDefinition))
            {
                PropertyAccessors accessors = property.GetAccessors();
                if (IsVisible(accessors.Getter) || IsVisible(accessors.Setter))
                {
                    _ids.Add($"P:{owner}.{NameOf(property.Name)}"
                        + Parameters(property.DecodeSignature(names, null).ParameterTypes));
                }
            }

            foreach (EventDefinition each in type.GetEvents().Select(reader.GetEventDefinition))
                if (IsVisible(each.GetAccessors().Adder)) _ids.Add($"E:{owner}.{NameOf(each.Name)}");
        }

        return _ids;
    }

    private static string Parameters(ImmutableArray<string> types) =>
        types.IsEmpty ? "" : $"({string.Join(',', types)})";

    private string NameOf(StringHandle name) => reader.GetString(name).Replace('.', '#');

    private bool IsVisible(TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        TypeAttributes access = type.Attributes & TypeAttributes.VisibilityMask;
        return access == TypeAttributes.Public
            || (access is TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem
                && IsVisible(type.GetDeclaringType()));
    }

    private bool IsVisible(MethodDefinitionHandle handle) =>
        !handle.IsNil && IsVisible(reader.GetMethodDefinition(handle));

    private static bool IsVisible(MethodDefinition method) => (method.Attributes & MethodAttributes.MemberAccessMask)
        is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;
}

/// <summary>Types as the ids of members name them.</summary>
internal sealed class DocumentationNames : ISignatureTypeProvider<string, object?>
{
    public string GetArrayType(string elementType, ArrayShape shape) =>
        $"{elementType}[{string.Join(',', Enumerable.Repeat("0:", shape.Rank))}]";

    public string GetByReferenceType(string elementType) => elementType + "@";

    public string GetFunctionPointerType(MethodSignature<string> signature) => "=FUNC";

    // The arguments of a nested generic type follow each of the names around it.
    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments)
    {
        int used = 0;
        return string.Join('.', genericType.Split('.').Select(part =>
        {
            int tick = part.IndexOf('`', StringComparison.Ordinal);
            if (tick < 0) return part;
            int count = int.Parse(part[(tick + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            string list = string.Join(',', typeArguments.Skip(used).Take(count));
            used += count;
            return $"{part[..tick]}{{{list}}}";
        }));
    }

    public string GetGenericMethodParameter(object? genericContext, int index) => $"``{index}";

    public string GetGenericTypeParameter(object? genericContext, int index) => $"`{index}";

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

    public string GetPinnedType(string elementType) => elementType;

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => $"System.{typeCode}";

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        return Joined(type.IsNested ? GetTypeFromDefinition(reader, type.GetDeclaringType(), rawTypeKind)
            : reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        return Joined(type.ResolutionScope.Kind == HandleKind.TypeReference
            ? GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, rawTypeKind)
            : reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    public string GetTypeFromSpecification(
        MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    private static string Joined(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";
}
